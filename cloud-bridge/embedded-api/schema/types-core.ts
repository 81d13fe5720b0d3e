/** Pod and Node, in the language of `dsl.ts`. Volume sources that no board can mount are open objects. */
export const POD_TYPES = `
NodeSelectorRequirement: A key, an operator (In, NotIn, Exists, DoesNotExist, Gt, Lt) and values.
  key!=s operator!=s values=[]s
NodeSelectorTerm: Requirements that must all hold.
  matchExpressions=[]NodeSelectorRequirement matchFields=[]NodeSelectorRequirement
NodeSelector: Terms of which one must hold.
  nodeSelectorTerms!=[]NodeSelectorTerm
PreferredSchedulingTerm: A term with a weight (not weighed by this API's binder).
  weight!=i preference!=NodeSelectorTerm
NodeAffinity: Which nodes a pod may or would rather run on.
  requiredDuringSchedulingIgnoredDuringExecution=NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution=[]PreferredSchedulingTerm
Affinity: Scheduling rules; pod affinity is accepted and not followed by this API's binder.
  nodeAffinity=NodeAffinity podAffinity=o podAntiAffinity=o
KeyToPath: Puts one key at a path.
  key!=s path!=s mode=i
ConfigMapVolumeSource: Files from a config map.
  name=s items=[]KeyToPath defaultMode=i optional=b
SecretVolumeSource: Files from a secret.
  secretName=s items=[]KeyToPath defaultMode=i optional=b
EmptyDirVolumeSource: A folder that lives as long as the pod.
  medium=s sizeLimit=q
HostPathVolumeSource: A path of the host.
  path!=s type=s
ObjectFieldSelector: A field of the pod.
  apiVersion=s fieldPath!=s
ResourceFieldSelector: A resource of a container.
  containerName=s resource!=s divisor=q
DownwardAPIVolumeFile: A file with a field of the pod.
  path!=s fieldRef=ObjectFieldSelector resourceFieldRef=ResourceFieldSelector mode=i
DownwardAPIVolumeSource: Files with fields of the pod.
  items=[]DownwardAPIVolumeFile defaultMode=i
ProjectedVolumeSource: Several sources in one folder.
  sources=[]o defaultMode=i
Volume: A named folder that containers may mount.
  name!=s configMap=ConfigMapVolumeSource secret=SecretVolumeSource emptyDir=EmptyDirVolumeSource
  hostPath=HostPathVolumeSource downwardAPI=DownwardAPIVolumeSource projected=ProjectedVolumeSource
  persistentVolumeClaim=o csi=o ephemeral=o image=o nfs=o iscsi=o fc=o gitRepo=o glusterfs=o rbd=o cephfs=o
  cinder=o flocker=o flexVolume=o azureFile=o azureDisk=o awsElasticBlockStore=o gcePersistentDisk=o
  vsphereVolume=o quobyte=o photonPersistentDisk=o portworxVolume=o scaleIO=o storageos=o
VolumeMount: Where a container sees a volume.
  name!=s mountPath!=s subPath=s subPathExpr=s readOnly=b recursiveReadOnly=s mountPropagation=s
VolumeDevice: A block device in a container.
  name!=s devicePath!=s
ContainerPort: A port that a container listens on.
  name=s hostPort=i containerPort!=i protocol=s hostIP=s
ConfigMapKeySelector: A key of a config map.
  name=s key!=s optional=b
SecretKeySelector: A key of a secret.
  name=s key!=s optional=b
EnvVarSource: Where an environment variable's value comes from.
  fieldRef=ObjectFieldSelector resourceFieldRef=ResourceFieldSelector configMapKeyRef=ConfigMapKeySelector
  secretKeyRef=SecretKeySelector fileKeyRef=o
EnvVar: An environment variable.
  name!=s value=s valueFrom=EnvVarSource
OptionalNameReference: A name that may be missing.
  name=s optional=b
EnvFromSource: All keys of a config map or secret as environment variables.
  prefix=s configMapRef=OptionalNameReference secretRef=OptionalNameReference
ResourceClaim: Names a claim of the pod.
  name!=s request=s
ResourceRequirements: What a container needs at least (requests) and may use at most (limits).
  limits={}q requests={}q claims=[]ResourceClaim
ExecAction: A command to run in the container.
  command=[]s
HTTPHeader: A header of a probe.
  name!=s value!=s
HTTPGetAction: An HTTP request.
  path=s port!=is host=s scheme=s httpHeaders=[]HTTPHeader
TCPSocketAction: A TCP connection.
  port!=is host=s
GRPCAction: A gRPC health check.
  port!=i service=s
SleepAction: A pause.
  seconds!=l
Probe: How to tell whether a container is well.
  exec=ExecAction httpGet=HTTPGetAction tcpSocket=TCPSocketAction grpc=GRPCAction initialDelaySeconds=i
  timeoutSeconds=i periodSeconds=i successThreshold=i failureThreshold=i terminationGracePeriodSeconds=l
LifecycleHandler: What to do at a point of a container's life.
  exec=ExecAction httpGet=HTTPGetAction tcpSocket=TCPSocketAction sleep=SleepAction
Lifecycle: What to do after start and before stop.
  postStart=LifecycleHandler preStop=LifecycleHandler stopSignal=s
Container: A program that the pod runs.
  name!=s image=s command=[]s args=[]s workingDir=s ports=[]ContainerPort@containerPort envFrom=[]EnvFromSource
  env=[]EnvVar@name resources=ResourceRequirements resizePolicy=[]o restartPolicy=s restartPolicyRules=[]o
  volumeMounts=[]VolumeMount@mountPath volumeDevices=[]VolumeDevice@devicePath livenessProbe=Probe
  readinessProbe=Probe startupProbe=Probe lifecycle=Lifecycle terminationMessagePath=s
  terminationMessagePolicy=s imagePullPolicy=s securityContext=o stdin=b stdinOnce=b tty=b targetContainerName=s
HostAlias: A line of the hosts file.
  ip!=s hostnames=[]s
TopologySpreadConstraint: How to spread pods (not followed by this API's binder).
  maxSkew!=i topologyKey!=s whenUnsatisfiable!=s labelSelector=LabelSelector minDomains=i nodeAffinityPolicy=s
  nodeTaintsPolicy=s matchLabelKeys=[]s
PodReadinessGate: A condition that Ready waits for.
  conditionType!=s
PodSchedulingGate: Holds the pod back from scheduling until taken away.
  name!=s
PodDNSConfig: DNS settings.
  nameservers=[]s searches=[]s options=[]o
PodOS: The operating system that the pod is for.
  name!=s
PodResourceClaim: A claim for devices.
  name!=s resourceClaimName=s resourceClaimTemplateName=s
PodSpec: What a pod runs, and where.
  volumes=[]Volume@name initContainers=[]Container@name containers!=[]Container@name
  ephemeralContainers=[]Container@name restartPolicy=s terminationGracePeriodSeconds=l activeDeadlineSeconds=l
  dnsPolicy=s nodeSelector={}s serviceAccountName=s serviceAccount=s automountServiceAccountToken=b nodeName=s
  hostNetwork=b hostPID=b hostIPC=b shareProcessNamespace=b securityContext=o
  imagePullSecrets=[]LocalObjectReference@name hostname=s subdomain=s affinity=Affinity schedulerName=s
  tolerations=[]Toleration hostAliases=[]HostAlias@ip priorityClassName=s priority=i dnsConfig=PodDNSConfig
  readinessGates=[]PodReadinessGate runtimeClassName=s enableServiceLinks=b preemptionPolicy=s overhead={}q
  topologySpreadConstraints=[]TopologySpreadConstraint@topologyKey setHostnameAsFQDN=b os=PodOS hostUsers=b
  schedulingGates=[]PodSchedulingGate@name resourceClaims=[]PodResourceClaim@name resources=ResourceRequirements
  hostnameOverride=s workloadRef=o
PodCondition: One aspect of a pod's state.
  type!=s status!=s observedGeneration=l lastProbeTime=t lastTransitionTime=t reason=s message=s
PodIP: An address.
  ip!=s
ContainerStateWaiting: Not running yet, and why.
  reason=s message=s
ContainerStateRunning: Running since.
  startedAt=t
ContainerStateTerminated: Ended, how and when.
  exitCode!=i signal=i reason=s message=s startedAt=t finishedAt=t containerID=s
ContainerState: One of waiting, running, terminated.
  waiting=ContainerStateWaiting running=ContainerStateRunning terminated=ContainerStateTerminated
ContainerStatus: How a container is doing.
  name!=s state=ContainerState lastState=ContainerState ready!=b restartCount!=i image!=s imageID!=s containerID=s
  started=b allocatedResources={}q resources=ResourceRequirements volumeMounts=[]o user=o
  allocatedResourcesStatus=[]o stopSignal=s
PodStatus: How a pod is doing, as its node reports it.
  observedGeneration=l phase=s conditions=[]PodCondition@type message=s reason=s nominatedNodeName=s hostIP=s
  hostIPs=[]PodIP podIP=s podIPs=[]PodIP@ip startTime=t initContainerStatuses=[]ContainerStatus
  containerStatuses=[]ContainerStatus ephemeralContainerStatuses=[]ContainerStatus qosClass=s resize=s
  resourceClaimStatuses=[]o allocatedResources={}q resources=ResourceRequirements extendedResourceClaimStatus=o
Pod: Programs that run together on one node.
  apiVersion=s kind=s metadata=ObjectMeta spec=PodSpec status=PodStatus
Binding: Puts a pod on a node.
  apiVersion=s kind=s metadata=ObjectMeta target!=ObjectReference
`;

export const NODE_TYPES = `
Taint: Keeps pods away that do not tolerate it.
  key!=s value=s effect!=s timeAdded=t
NodeSpec: Settings of a node.
  podCIDR=s podCIDRs=[]s@ providerID=s unschedulable=b taints=[]Taint configSource=o externalID=s
NodeCondition: One aspect of a node's state.
  type!=s status!=s lastHeartbeatTime=t lastTransitionTime=t reason=s message=s
NodeAddress: An address and its type.
  type!=s address!=s
DaemonEndpoint: A port.
  Port!=i
NodeDaemonEndpoints: Where the node's kubelet endpoint listens.
  kubeletEndpoint=DaemonEndpoint
NodeSwapStatus: Swap space.
  capacity=l
NodeSystemInfo: What the node says of its machine.
  machineID!=s systemUUID!=s bootID!=s kernelVersion!=s osImage!=s containerRuntimeVersion!=s kubeletVersion!=s
  kubeProxyVersion=s operatingSystem!=s architecture!=s swap=NodeSwapStatus
ContainerImage: An image that the node has.
  names=[]s sizeBytes=l
AttachedVolume: A volume attached to the node.
  name!=s devicePath!=s
NodeStatus: How a node is doing.
  capacity={}q allocatable={}q phase=s conditions=[]NodeCondition@type addresses=[]NodeAddress@type
  daemonEndpoints=NodeDaemonEndpoints nodeInfo=NodeSystemInfo images=[]ContainerImage volumesInUse=[]s
  volumesAttached=[]AttachedVolume config=o runtimeHandlers=[]o features=o declaredFeatures=[]s
Node: A board or machine that runs pods.
  apiVersion=s kind=s metadata=ObjectMeta spec=NodeSpec status=NodeStatus
`;
