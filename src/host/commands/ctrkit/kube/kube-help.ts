/** What `--help` of `ctrkit kube` adds. */
const EXIT_HELP = `
Exit status:
  0   done; reset: also where it has not joined
  1   refused, or something is left to be done by hand: what, is said
  64  wrong usage, or a setting that makes no sense
  69  the databases, the disk, the server or the tool can't be used
  130 interrupted by Ctrl-C, 143 by SIGTERM: what state things are in, is said`;

export const KUBE_HELP = `
Examples:
  config kubernetes server ip 10.10.10.10
  ctrkit kube join
  ctrkit kube status
  ctrkit kube reset

ctrkitd joins and leaves by itself, as CONFIG_DB KUBERNETES_MASTER|SERVER says: it joins once an ip is there,
and leaves once disable is true. These commands do it at once, and say what happens.
${EXIT_HELP}

Environment:
  CTRKIT_ADMIN_CONF_URL   where the server has its admin configuration, https://{ip}:{port}/admin.conf
  CTRKIT_ADMIN_CONF_CA    certificates to trust for it, beside Node.js' own; /etc/ssl/certs/ca-certificates.crt
  CTRKIT_KUBE_ADMIN_CONF  where it is kept, /etc/sonic/kube_admin.conf
  CTRKIT_KUBELET_CONF     kubelet's own, by which it is told whether it has joined, /etc/kubernetes/kubelet.conf
  CTRKIT_NODE_NAME        the node's name; else the host's, in lower case
  CTRKIT_JOIN_COMMAND     kubeadm join --discovery-file {config} --node-name {node}
  CTRKIT_RESET_COMMAND    kubeadm reset --force
  CTRKIT_KUBELET_UNIT     enabled by joining, disabled by leaving; kubelet; none: left alone
  CTRKIT_RESTART_COMMAND  restarts a feature, systemctl restart {feature}`;

export const KUBE_JOIN_HELP = `
Examples:
  ctrkit kube join
  ctrkit kube join --kubeconfig /tmp/admin.conf
  ctrkit kube join --force       leaves the old master first: its features restart, to run locally;
                                 refused while one of them is locked

The server's admin configuration is fetched by https, its certificate is verified (unless insecure is on),
it is checked, what is needed of it is kept for root only, and kubeadm joins by that. It has to hold its
certificates itself; what names files or runs programs is refused. A join that was cut short is done again
from the start: the reset command takes away first what it left, unless there are static pods
(/etc/kubernetes/manifests), which it would remove too. One that --force has begun enables the server again
however it ends; only where it is killed right then: config kubernetes server disable off.
${EXIT_HELP}`;

export const KUBE_RESET_HELP = `
Examples:
  ctrkit kube reset
  config kubernetes server disable off      afterwards, to let the switch join again

In this order: disable = True in CONFIG_DB, or ctrkitd would join again; features that Kubernetes runs are
restarted one by one, so that their golden local image runs (up to 3 min for the restart of each, and 1 min
for its record); kubeadm takes the node out, and empties /etc/kubernetes/manifests. Where the switch has not
joined, only disable is written. The node's object stays on the server: kubectl delete node NAME, there.
Features with no_fallback_to_local go down. One that is locked is a reason to refuse, without --force.
A reset that was cut short goes on with the next one.
${EXIT_HELP}`;

export const KUBE_STATUS_HELP = `
Examples:
  ctrkit kube status
  ctrkit kube status --json | jq .is_connected

joined: kubelet has its own configuration. connected: ctrkitd has seen this node on the server.
It answers also when ctrkitd or the database is away, and says which. In JSON, what nobody knows is null.`;
