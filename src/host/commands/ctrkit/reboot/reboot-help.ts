/** What `--help` of `ctrkit reboot` adds. */
const EXIT_HELP = `
Exit status:
  0   done; done: also where no reboot was prepared
  1   something was not done, the command says what; a reboot may go on all the same
  64  wrong usage, or a setting that makes no sense
  69  done: kubelet can't be brought back, or the disk can't be used
  130 interrupted by Ctrl-C, 143 by SIGTERM: run it again, or take it back by ctrkit reboot done`;

export const REBOOT_HELP = `
Examples:
  ctrkit reboot prepare warm && warm-reboot
  ctrkit reboot done             the reboot is not to come after all

SONiC's warm-reboot, fast-reboot, express-reboot and soft-reboot prepare the switch by themselves: they call
/usr/local/bin/ctrmgr_tools.py tag-all, which is ctrkit's. ctrkitd does what done does, after the boot, and where the
reboot has not come within 10 minutes.
${EXIT_HELP}

Environment:
  CTRKIT_REBOOT_HOOKS  the folder of the hooks (default: /etc/ctrkit/reboot.d)
  CTRKIT_STATE_DIR     the folder of reboot.json, the record of a reboot that is under way
  CTRKIT_KUBELET_UNIT  the unit of kubelet; none: leave it alone (default: kubelet)`;

export const PREPARE_HELP = `
Examples:
  ctrkit reboot prepare fast
  ctrkit reboot prepare warm --skip-hooks

What happens, within 10 seconds:
  1. The reboot is put on record. From now on, for 10 minutes at most, no container that ends, and no
     heartbeat that stays out, counts against an image.
  2. kubelet is disabled and stopped: otherwise it would start again what the shutdown ends. The containers of
     its pods run on.
  3. Each feature that Kubernetes is to run gets its best image as the local one, <repository>:latest: the golden
     one, or what stands in for it. Only where tag_new_as_local is true, and not where it is locked. A feature
     that can't start without Kubernetes is named.
  4. The hooks in /etc/ctrkit/reboot.d run, one after the other, each for 3 s at most.

A hook is a program of root that nobody else may write; its name has letters, digits, _ and - only. It is called
with two words, prepare or done, and the kind of the reboot: 10-bgp prepare warm. One that fails is reported, and
stops neither the others nor the reboot.

Whatever is not done is said, and leaves the reboot free to go on. The command may be run again at any time.
${EXIT_HELP}`;

export const DONE_HELP = `
Examples:
  ctrkit reboot done

What happens: kubelet is enabled and started again, if prepare has disabled it; the hooks run with the word done,
each for 10 s at most; the record of the reboot is removed. An interrupted run goes on with the next one.
${EXIT_HELP}`;

export const TOOLS_HELP = `
Examples:
  /usr/local/bin/ctrmgr_tools.py tag -f snmp
  /usr/local/bin/ctrmgr_tools.py tag-all

tag makes the best image of the feature the one that a local start runs, <repository>:latest, and says why where it does
not: the best image is the golden one, or what stands in for it. SONiC's own takes whatever Kubernetes runs. tag-all
does so for every feature that Kubernetes is to run, and the rest of ctrkit reboot prepare. kill-all kills what
STATE_DB FEATURE has on record.

/usr/local/bin/ctrmgr_tools.py ends with 0 whatever came of it, with 2 for a wrong usage, and within 20 seconds.`;
