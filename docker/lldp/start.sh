#!/usr/bin/env bash
# Run once by supervisord as root. Written the way SONiC's start.sh files are: the kit has to work below this.

RUNTIME_OWNER=${RUNTIME_OWNER:-kube}
IMAGE_VERSION=${IMAGE_VERSION:-0.0.0}

# As shipped, the answer is not looked at: the gate does not return while the container may not start.
CTR_SCRIPT="/usr/share/sonic/scripts/container_startup.py"
if test -f ${CTR_SCRIPT}
then
    "${CTR_SCRIPT}" -f lldp -o "${RUNTIME_OWNER}" -v "${IMAGE_VERSION}"
fi

mkdir -p /var/sonic
echo "# Config files managed by sonic-config-engine" > /var/sonic/config_status

sed "s|@IMAGE_VERSION@|${IMAGE_VERSION}|" /usr/share/sonic/templates/lldpd.conf.in > /etc/lldpd.conf

echo "lldp ${IMAGE_VERSION}: starting lldpd on ${LLDP_INTERFACES}"
supervisorctl start lldpd
