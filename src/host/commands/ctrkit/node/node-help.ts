/** What `--help` of `ctrkit node` adds. */
const EXIT_HELP = `
Exit status:
  0   done
  1   refused; import: also something was kept as it is, or is left to be done, the command says what
  64  wrong usage, or a setting that makes no sense
  69  the disk or the engine can't be used, or the export is damaged: nothing was written
  130 interrupted by Ctrl-C, 143 by SIGTERM: run it again to go on`;

export const NODE_HELP = `
Examples:
  ctrkit node export /host/ctrkit-node-export/
  ctrkit node import /host/ctrkit-node-export/

For a new image of the switch's system, and for the machine that takes this one's place. SONiC's migration hooks run
both, see docs/host.md. The export holds keys: who has it is this node.
${EXIT_HELP}`;

export const EXPORT_HELP = `
Examples:
  ctrkit node export /host/ctrkit-node-export/      a folder: ctrkit-node.tar in it
  ctrkit node export /host/switch-1.tar --images

What is in it:
  the ledger of golden images and open fallbacks, locks, blocks
  the cluster's context: kubelet.conf, ca.crt, kubelet's configuration and certificates, kube_admin.conf
  of each feature of CONFIG_DB: its systemd units, /usr/bin/<f>.sh, /usr/local/bin/<f>.sh, its lines of
  /etc/sonic/generated_services.conf
  with --images: the images of every ladder that the engine has, as docker save writes them; no more than 8 GB each

A tar archive of mode 0600 with a manifest. It is written beside its place and renamed. A file that is no export is
not replaced, unless --force is given.
${EXIT_HELP}`;

export const IMPORT_HELP = `
Examples:
  systemctl stop ctrkitd; ctrkit node import /host/switch-1.tar; systemctl start ctrkitd
  ctrkit node import /host/switch-1.tar --force     also over what is there

Everything is checked before anything is written: names, sizes, checksums, format. Only a file that belongs to root, and
that nobody else may write, is taken. What is there with other content stays: the two files of the ledger together,
all of the cluster's context together; --force replaces them. Units and scripts of a feature are written only where
the system has none, also with --force. kubelet is enabled and started if the switch is a node then.

Refused: while ctrkitd runs; where the host has another name than the export's, unless --force is given.
An interrupted import goes on with the next one.
${EXIT_HELP}`;
