/** What the container knows of itself; a text that is not there is empty. */
export interface IdentityEvidence {
  /** CTRKIT_FEATURE. */
  readonly feature: string;
  /** The text of /etc/ctrkit/feature, one line that the image's build wrote. */
  readonly featureFile: string;
  /** CONTAINER_NAME and NAMESPACE_ID, which SONiC gives its containers. */
  readonly containerName: string;
  readonly namespaceId: string;
  /** RUNTIME_OWNER and IMAGE_VERSION. */
  readonly runtimeOwner: string;
  readonly imageVersion: string;
  /** Kubernetes runs the container. */
  readonly isInPod: boolean;
}
