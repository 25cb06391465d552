/** What `--help` adds: how it is used, and what the answer means. */
export const EXIT_HELP = `
Examples:
  ctrkit status                  what runs, how it is, what is golden
  ctrkit explain snmp            why snmp is as it is, and what lifts it
  ctrkit lock add snmp --reason "debugging" --for 2h

Exit status:
  0   done
  1   refused, or there is no feature, lock or block of that name
  64  wrong usage
  69  the databases, the engine or the disk can't be used
  70  a defect of ctrkit

Environment:
  CTRKIT_REDIS      as --redis; else SONiC's database_config.json is read
  CTRKIT_STATE_DIR  where the ledger and the locks are, /var/lib/ctrkit
  CTRKIT_RUN_DIR    where ctrkitd leaves what it thinks, /run/ctrkit
  DOCKER_HOST       the engine's unix socket, unix:///var/run/docker.sock
  NO_COLOR          no colours, also on a terminal`;

export const STATUS_HELP = `
Examples:
  ctrkit status snmp             one feature
  ctrkit status --watch          until Ctrl-C, which ends it with 130
  ctrkit status --watch --json   a line of JSON with every change
  ctrkit status --json | jq -r '.features[] | select(.health.status == "unhealthy").feature'

Columns that SONiC's own status does not have:
  RemoteState  how far Kubernetes and the switch have agreed: none, pending, ready, running, stopped
  Health       by the heartbeat of the container that runs; overdue: it has not come in time
  Golden       the version that a fallback starts; (runs): it is the one that runs; (new in 20 min):
               then the one that runs takes its place, if it stays healthy

In JSON, times that end in _ms are on the boot clock, as is now_ms; _ts is seconds since 1970.`;

export const EXPLAIN_HELP = `
Examples:
  ctrkit explain snmp
  ctrkit explain snmp --json | jq -r '.items[] | select(.lifts) | .text, .lifts'

A line that begins with -> says what lifts what is above it. What was read is listed at the end.
It answers also when ctrkitd, the engine or the database is away, and says which.`;

export const IMAGES_HELP = `
Examples:
  ctrkit images                  all features
  ctrkit images snmp --json

Marks: golden, previous (golden before), running, blocked. CleanUp is what a clean-up would do now, and
why; nothing is removed by this command.`;

export const LOCK_HELP = `
Examples:
  ctrkit lock add snmp --reason "debugging a crash" --for 2h
  ctrkit lock list
  ctrkit lock rm snmp

A lock outlives a reboot. While it holds, ctrkitd neither switches the feature, nor falls back, nor
removes its images; containers are certified all the same.`;

export const UNBLOCK_HELP = `
Examples:
  ctrkit explain snmp            names the versions that are blocked
  ctrkit unblock snmp 20230531.22

A container of that version that is held goes on at once. If it fails again, it falls back again.`;

export const MANIFEST_HELP = `
Examples:
  ctrkit manifest snmp --image registry.example/docker-snmp:20230531.12 --version 20230531.12 \\
    --platform x86_64-dell_s6000_s1220-r0 --batch 5% --time-to-golden 10m | kubectl apply -f -
  ctrkit manifest snmp --image docker-snmp:20230531.12 --version 20230531.12 --static-pod \\
    > snmp.yaml && mv snmp.yaml /etc/kubernetes/manifests/
  ctrkit manifest lldp --image docker-lldp:1.2 --version 1.2 --host --asic 0 --asic 1

A node gets the pod while its label <feature>_enabled is true, unless <feature>_<version>_enabled is
false, and if it has every label that is asked for. ctrkitd on the switch sees to all of them but those
of --select, which may be anybody's. The document of ASIC 0 asks for <feature>0_enabled.

A version that an operator blocks is taken away by that label, and the node counts no more. One that
failed and was fallen back from is not, nor is an operator's own block of it brought to that node: the
pod stays, held and not Ready, and <feature>_failed names the version. Once as many pods as --batch says
are not Ready, the rollout stands until kubectl rollout undo. With --time-to-golden longer than
fail_time_to_fallback a batch that fails is seen to fail before the next one. CTRKIT_HELD_READY=1 lets
a rollout go on.

What is mounted and set is what SONiC's own service scripts have, then what the image's label
com.azure.sonic.manifest says, then --volume and --env, each replacing what has the same path or name.
What would hide the kit, a mount on /usr/share/sonic/scripts say, is left out with a line on stderr where
the label says it, and refused by --volume. Values are taken as they are: $(NAME) is not expanded. What
--env says is in the manifest for all to read, and secrets are best handed in by files.

/usr/share/sonic/hwsku and /usr/share/sonic/platform, or with --platform and --hwsku the device's own
folders, have to be on the switch: until they are, kubelet starts no pod and says so in an event. A
machine that has none: --without-volume /usr/share/sonic/hwsku --without-volume /usr/share/sonic/platform

A static pod goes into the folder that kubelet's staticPodPath names; whole, by mv, since kubelet ends the
pod of a file that is emptied. kubeadm join wants /etc/kubernetes/manifests empty, and kubeadm reset
empties it: take static pods out before ctrkit kube join, and use a DaemonSet from then on.

A feature's pod and container are named without capitals and with - in place of _. Two features that
differ in nothing else (a_b and a-b) need a --name for one of them.

A pod can't join the network of an ASIC's database container: it runs in the host's.

Nothing but the local engine is asked, for the image's label. Where it or the image is not there, a
line on stderr says so. Refused with 64 is what the API server would refuse, and what it would take but
never deploy.`;
