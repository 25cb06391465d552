#!/bin/sh
# Stands in for kubeadm, which the cluster of the tests has not: `join` starts the real kubelet and leaves its credentials
# where kubeadm would, `reset` ends it with all that it has started.
#   kubeadm.sh join --discovery-file FILE --node-name NAME | reset --force
# CTRKIT_TEST_CLUSTER, CTRKIT_TEST_CLUSTER_DIR the cluster, CTRKIT_KUBELET_CONF where the credentials go.
set -eu
case $1 in
join)
	[ "$2" = --discovery-file ] && grep -q certificate-authority-data "$3"
	[ "$4" = --node-name ] && [ "$5" = "$CTRKIT_NODE_NAME" ]
	# What it starts would keep a pipe open.
	bash "$CTRKIT_TEST_CLUSTER/up.sh" "$CTRKIT_TEST_CLUSTER_DIR" >/dev/null 2>&1 </dev/null
	cp "$CTRKIT_TEST_CLUSTER_DIR/state/kubelet.conf" "$CTRKIT_KUBELET_CONF"
	;;
reset)
	[ "$2" = --force ]
	read -r pid _ <"$CTRKIT_TEST_CLUSTER_DIR/state/pid/kubelet"
	kill "$pid"
	while grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$pid/status"; do sleep 0.1; done
	docker ps -q --filter label=io.kubernetes.docker.type | xargs -r docker stop -t 10 >/dev/null
	rm -f "$CTRKIT_KUBELET_CONF"
	;;
esac
