/** What `--help` of `ctrkit kube` adds. */
const EXIT_HELP = `
Exit status:
  0   done; reset: also where the switch has not joined
  1   refused, or something is left to be done by hand: the command says what
  64  wrong usage, or a setting that makes no sense
  69  the databases, the disk, the server or the tool can't be used
  130 interrupted by Ctrl-C, 143 by SIGTERM: the command says what is done and what is not`;

export const KUBE_HELP = `
Examples:
  config kubernetes server ip 10.10.10.10
  config kubernetes server insecure off     verifies the server's certificate; SONiC's command writes True
  ctrkit kube join
  ctrkit kube status
  ctrkit kube reset

ctrkitd joins and leaves by itself, as CONFIG_DB KUBERNETES_MASTER|SERVER says: it joins once there is an ip, and
leaves once disable is true. These commands do the same at once, and say what happens.
${EXIT_HELP}

Environment:
  CTRKIT_ADMIN_CONF_URL   where the server has its admin configuration (default: https://{ip}:{port}/admin.conf)
  CTRKIT_ADMIN_CONF_CA    certificates to trust for it, beside Node.js' own
                          (default: /etc/ssl/certs/ca-certificates.crt)
  CTRKIT_KUBE_ADMIN_CONF  where that configuration is kept
                          (default: /host/ctrkit/kube_admin.conf, or /var/lib/ctrkit without /host)
  CTRKIT_KUBELET_CONF     the kubelet's own configuration; the switch has joined where this file exists
                          (default: /etc/kubernetes/kubelet.conf)
  CTRKIT_NODE_NAME        the name of the node (default: the host's name in lower case)
  CTRKIT_JOIN_COMMAND     (default: kubeadm join --discovery-file {config} --node-name {node})
  CTRKIT_RESET_COMMAND    (default: kubeadm reset --force)
  CTRKIT_KUBELET_UNIT     the unit that joining enables and leaving disables; none: leave it alone (default: kubelet)
  CTRKIT_RESTART_COMMAND  restarts a feature (default: systemctl restart {feature})`;

export const KUBE_JOIN_HELP = `
Examples:
  ctrkit kube join
  ctrkit kube join --kubeconfig /tmp/admin.conf
  ctrkit kube join --force       leaves the old master first: its features restart and run locally;
                                 refused while one of them is locked

What happens: the server's admin configuration is fetched by https, and the server's certificate is verified
unless insecure is on. The configuration has to hold its certificates itself; one that names files or runs
programs is refused. What is needed of it is kept for root only. kubeadm joins by that file.

A join that was cut short starts again from the beginning: first the reset command removes what it left. The
reset would remove static pods too (/etc/kubernetes/manifests), so it is not run while there are any.

A join by --force sets disable, leaves, and lifts disable again, however it ends. If it is killed in between, lift
it by hand: config kubernetes server disable off
${EXIT_HELP}`;

export const KUBE_RESET_HELP = `
Examples:
  ctrkit kube reset
  config kubernetes server disable off      afterwards, to let the switch join again

What happens, in this order:
  1. disable = True in CONFIG_DB; otherwise ctrkitd would join again.
  2. The features that Kubernetes runs are restarted one by one, so that their local images run. A local image
     is not always the golden one: ctrkit explain names it. Each restart may take 3 min, and its record 1 min.
     Features with no_fallback_to_local go down.
  3. kubeadm takes the node out, and empties /etc/kubernetes/manifests.

The node's object stays on the server. To remove it there: kubectl delete node NAME

If the switch has not joined, only disable is written. If a locked feature would change, the command refuses,
unless --force is given. A reset that was cut short goes on with the next one.
${EXIT_HELP}`;

export const KUBE_STATUS_HELP = `
Examples:
  ctrkit kube status
  ctrkit kube status --json | jq .is_connected

joined: kubelet has its own configuration. connected: ctrkitd has seen this node on the server. reachable: the API
server answers.

The command also answers while ctrkitd or the database is away, and says which. In JSON, an unknown value is null.`;
