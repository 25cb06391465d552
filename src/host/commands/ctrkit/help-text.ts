/** What `--help` adds: how a command is used, and what its answer means. */
export const EXIT_HELP = `
Examples:
  ctrkit status                  what runs, how healthy it is, what is golden
  ctrkit explain snmp            why snmp is as it is, and what changes that
  ctrkit lock add snmp --reason "debugging" --for 2h

By default nothing is certified and nothing falls back. To switch both on for all features:
  sonic-db-cli CONFIG_DB HSET "IMAGE_MGMT|GLOBAL" active_time_to_mark_good 10m fail_time_to_fallback 5m \\
    tag_new_as_local true     # the image that is certified next becomes the local one: a fallback starts it

Exit status:
  0   done
  1   refused, or there is no feature, lock or block of that name
  64  wrong usage
  69  the databases, the engine or the disk can't be used
  70  a defect of ctrkit

Environment:
  CTRKIT_REDIS      the same as --redis; without both, SONiC's database_config.json says where the databases are
  CTRKIT_STATE_DIR  the folder of the ledger and the locks (default: /host/ctrkit, or /var/lib/ctrkit without /host)
  CTRKIT_RUN_DIR    the folder where ctrkitd leaves its view (default: /run/ctrkit)
  DOCKER_HOST       the engine's unix socket (default: unix:///var/run/docker.sock)
  NO_COLOR          set it for no colours`;

export const STATUS_HELP = `
Examples:
  ctrkit status snmp             one feature
  ctrkit status --watch          redraws until Ctrl-C, which ends it with 130
  ctrkit status --watch --json   prints one line of JSON with every change
  ctrkit status --json | jq -r '.features[] | select(.health.status == "unhealthy").feature'

The columns are those of SONiC's "show feature status", and Health and Golden:
  RemoteState  how far Kubernetes and the switch have agreed: none, pending, ready, running, stopped
  Health       the last heartbeat of the running container; overdue: the next one did not come in time
  Golden       the version of the golden image; (runs): that image runs; (new in 20 min): the running image
               becomes golden then, if it stays healthy; golden 1.0 missing: an image that the switch may
               go back to is gone, ctrkit images says which

A fallback starts the golden image, or the next one on the ladder, with tag_new_as_local = true. With false, the
default, it starts the shipped image, which is the only local one then. ctrkit explain names it.

In JSON, times that end in _ms are on the boot clock, as is now_ms; _ts is in seconds since 1970.`;

export const EXPLAIN_HELP = `
Examples:
  ctrkit explain snmp
  ctrkit explain snmp --json | jq -r '.items[] | select(.lifts) | .text, .lifts'

Each line is one fact. A line that begins with -> says how to change the fact above it. The rows and fields
that were read are listed at the end.

  wanted, runs, heartbeat, check   what is configured, what runs, how healthy it is
  held, ready                      why a container waits, and what ctrkitd does about it
  golden, certification            the ladder of images, and when the running one becomes golden
  fallback                         what fails, when the feature falls back, and which image that would start, and why

The command also answers while ctrkitd, the engine or the database is away, and says which.`;

export const IMAGES_HELP = `
Examples:
  ctrkit images                  all features
  ctrkit images snmp --json

The ladder comes first: golden, previous (golden before), shipped. Other marks: failed (fallen back from), running,
blocked; missing: the switch may need the image, and it is gone. CleanUp says what a clean-up would do with the image now, and why. This command removes nothing.`;

export const LOCK_HELP = `
Examples:
  ctrkit lock add snmp --reason "debugging a crash" --for 2h
  ctrkit lock list
  ctrkit lock rm snmp

A lock stops: the restart of the service for a new owner; <feature>_enabled as ctrkitd writes it; a fallback,
and the rest of one that was cut short; tagging the local image, removing a local container of another one,
clean-up; leaving the Kubernetes master where the feature would change (ctrkit kube reset --force overrules that).

A lock does not stop: certification; the release of a dead container's record; the block of a version, where it
is written again; container start, stop and kill; ctrkit unblock.

A lock outlives a reboot; its time goes on by the wall clock meanwhile.`;

export const BLOCK_HELP = `
Examples:
  ctrkit block snmp 20230531.12 --reason "crashes with this SKU"
  ctrkit block                   all blocks, of operators and of fallbacks
  ctrkit block snmp --json

A container of that version is held by its gate on this switch, and no fallback starts an image of it. ctrkitd
brings the label to the node, by which Kubernetes takes its pod away (ctrkit manifest).

The block outlives a reboot and a re-image (/host/ctrkit/blocks). ctrkitd and container start write its label,
STATE_DB KUBE_LABELS|SET <feature>_<version>_enabled = false, again where STATE_DB has lost it. A label that was
set by config kubernetes label add does not outlive a cold boot; ctrkit explain shows both.

To lift it: ctrkit unblock FEATURE VERSION, or set that label to true.`;

export const UNBLOCK_HELP = `
Examples:
  ctrkit explain snmp            names the blocked versions
  ctrkit unblock snmp 20230531.22

A held container of that version goes on at once. If the image fails again, the feature falls back again.

The command sets STATE_DB KUBE_LABELS|SET <feature>_<version>_enabled to true. Deleting that field does not
lift a block: ctrkitd writes it again. config kubernetes label drop writes false.`;

export const MANIFEST_HELP = `
Examples:
  ctrkit manifest snmp --image registry.example/docker-snmp:20230531.12 --version 20230531.12 \\
    --platform x86_64-dell_s6000_s1220-r0 --batch 5% --time-to-golden 10m | kubectl apply -f -
  ctrkit manifest snmp --image docker-snmp:20230531.12 --version 20230531.12 --static-pod \\
    > snmp.yaml && mv snmp.yaml /etc/kubernetes/manifests/
  ctrkit manifest lldp --image docker-lldp:1.2 --version 1.2 --host --asic 0 --asic 1

Which nodes get the pod: those with <feature>_enabled = true and with every label that the options ask for,
unless <feature>_<version>_enabled is false. ctrkitd on the switch writes all of these labels but those of
--select. The document of ASIC 0 asks for <feature>0_enabled.

How a rollout stops: a version that fails on a switch is fallen back from there. Its pod stays, held and not
Ready, and the label <feature>_failed names the version. Once as many pods as --batch allows are not Ready, the
rollout waits until kubectl rollout undo. Choose --time-to-golden longer than fail_time_to_fallback, so that a
batch fails before the next one starts. CTRKIT_HELD_READY=1 lets the rollout go on. A version that an operator
blocks by <feature>_<version>_enabled = false is taken away, and that node no longer counts; where the version
was fallen back from, the block is not brought to the node.

What the pod mounts and sets: first what SONiC's own service scripts have, then what the image's label
com.azure.sonic.manifest says, then --volume and --env. The later one replaces what has the same path or name.
A mount that would hide the kit, on /usr/share/sonic/scripts for example, is left out with a line on stderr
where the label asks for it, and refused by --volume. Values are taken literally: $(NAME) is not expanded. The
manifest shows what --env says to everybody; hand in secrets by files.

Folders of the device: /usr/share/sonic/hwsku and /usr/share/sonic/platform, or with --platform and --hwsku the
device's own folders, must exist on the switch. Until they do, kubelet starts no pod and says so in an event. On
a machine that has none:
  --without-volume /usr/share/sonic/hwsku --without-volume /usr/share/sonic/platform

The namespace must exist: kubectl create namespace sonic

The probes: an image that never asks the gate, or has no agent, never answers the start-up probe with 0, so
kubelet restarts its pod every 6 minutes. Take the three probes out of the document, or mend the image.

Static pods: no label chooses or removes one; it stays when its version is blocked. --batch, --time-to-golden,
--select, --os-version and --device-type are refused. Move the file into kubelet's staticPodPath by mv, as a whole;
kubelet ends the pod of an emptied file. kubeadm join needs /etc/kubernetes/manifests empty, and kubeadm reset
empties it. So remove static pods before ctrkit kube join, and use a DaemonSet from then on.

Names: pod and container have the feature's name in small letters, with - in place of _. Two features that
differ in nothing else (a_b and a-b) need a --name for one of them.

A pod can't join the network of an ASIC's database container. It runs in the host's network.

The command asks only the local engine, for the image's label. If the engine or the image is not there, a line
on stderr says so. It ends with 64 for what the API server would refuse, and for what the server would take but
never deploy.`;
