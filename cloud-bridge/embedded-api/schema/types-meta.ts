/** Types of `meta/v1` and the smaller kinds, in the language of `dsl.ts`. Shapes after the Kubernetes 1.35 API reference. */
export const META_TYPES = `
OwnerReference: Names the object that owns this one; when the owner goes, so does this object.
  apiVersion!=s kind!=s name!=s uid!=s controller=b blockOwnerDeletion=b
ManagedFieldsEntry: Who set which fields (kept, not computed).
  manager=s operation=s apiVersion=s time=t fieldsType=s fieldsV1=o subresource=s
ObjectMeta: Name, namespace, labels and bookkeeping that every object has.
  name=s generateName=s namespace=s selfLink=s uid=s resourceVersion=s generation=l creationTimestamp=t
  deletionTimestamp=t deletionGracePeriodSeconds=l labels={}s annotations={}s
  ownerReferences=[]OwnerReference@uid finalizers=[]s@ managedFields=[]ManagedFieldsEntry
ListMeta: Bookkeeping of a list.
  selfLink=s resourceVersion=s continue=s remainingItemCount=l
Condition: One aspect of an object's state.
  type!=s status!=s observedGeneration=l lastTransitionTime=t reason=s message=s
LabelSelectorRequirement: A key, an operator (In, NotIn, Exists, DoesNotExist) and values.
  key!=s operator!=s values=[]s
LabelSelector: Chooses objects by their labels.
  matchLabels={}s matchExpressions=[]LabelSelectorRequirement
LocalObjectReference: Names an object in the same namespace.
  name=s
ObjectReference: Names an object anywhere.
  kind=s namespace=s name=s uid=s apiVersion=s resourceVersion=s fieldPath=s
Toleration: Lets a pod run on nodes with a matching taint.
  key=s operator=s value=s effect=s tolerationSeconds=l
`;

export const SMALL_TYPES = `
ConfigMap: Configuration data for pods to use.
  apiVersion=s kind=s metadata=ObjectMeta data={}s binaryData={}bytes immutable=b
Secret: Confidential data for pods to use; values are base64.
  apiVersion=s kind=s metadata=ObjectMeta data={}bytes stringData={}s type=s immutable=b
NamespaceSpec: What must be done before the namespace may go.
  finalizers=[]s
NamespaceCondition: One aspect of a namespace's state.
  type!=s status!=s lastTransitionTime=t reason=s message=s
NamespaceStatus: Phase of the namespace, Active or Terminating.
  phase=s conditions=[]NamespaceCondition@type
Namespace: A scope for names.
  apiVersion=s kind=s metadata=ObjectMeta spec=NamespaceSpec status=NamespaceStatus
ServiceAccount: An identity for pods; this API hands out no tokens for it.
  apiVersion=s kind=s metadata=ObjectMeta secrets=[]ObjectReference@name imagePullSecrets=[]LocalObjectReference
  automountServiceAccountToken=b
LeaseSpec: Who holds the lease, and how long it lasts without renewal.
  holderIdentity=s leaseDurationSeconds=i acquireTime=t renewTime=t leaseTransitions=i strategy=s preferredHolder=s
Lease: A heartbeat or lock; kube-node-lease holds one for each node.
  apiVersion=s kind=s metadata=ObjectMeta spec=LeaseSpec
EventSource: The component that saw it.
  component=s host=s
EventSeries: How often it happened, and when last.
  count=i lastObservedTime=t state=s
Event: Something that happened to an object; kept for an hour.
  apiVersion=s kind=s metadata=ObjectMeta involvedObject!=ObjectReference reason=s message=s source=EventSource
  firstTimestamp=t lastTimestamp=t count=i type=s eventTime=t series=EventSeries action=s related=ObjectReference
  reportingComponent=s reportingInstance=s
EventsV1Event: Something that happened to an object; kept for an hour.
  apiVersion=s kind=s metadata=ObjectMeta eventTime=t series=EventSeries reportingController=s reportingInstance=s
  action=s reason=s regarding=ObjectReference related=ObjectReference note=s type=s deprecatedSource=EventSource
  deprecatedFirstTimestamp=t deprecatedLastTimestamp=t deprecatedCount=i
RuntimeClassOverhead: Resources that the runtime itself takes.
  podFixed={}q
RuntimeClassScheduling: Which nodes have this runtime, and the taints to tolerate there.
  nodeSelector={}s tolerations=[]Toleration
RuntimeClass: A way to run a pod's containers, chosen by spec.runtimeClassName.
  apiVersion=s kind=s metadata=ObjectMeta handler!=s overhead=RuntimeClassOverhead scheduling=RuntimeClassScheduling
CustomResourceDefinitionNames: Names of a custom kind.
  plural!=s singular=s shortNames=[]s kind!=s listKind=s categories=[]s
CustomResourceColumnDefinition: A column that kubectl get prints.
  name!=s type!=s format=s description=s priority=i jsonPath!=s
SelectableField: A field that field selectors may use.
  jsonPath!=s
CustomResourceScale: The scale subresource (not served).
  specReplicasPath!=s statusReplicasPath!=s labelSelectorPath=s
CustomResourceSubresources: Which subresources a custom kind has.
  status=o scale=CustomResourceScale
CustomResourceValidation: The schema of a custom kind.
  openAPIV3Schema=o
CustomResourceDefinitionVersion: One version of a custom kind.
  name!=s served!=b storage!=b deprecated=b deprecationWarning=s schema=CustomResourceValidation
  subresources=CustomResourceSubresources additionalPrinterColumns=[]CustomResourceColumnDefinition
  selectableFields=[]SelectableField
CustomResourceDefinitionSpec: Group, names, scope and versions of a custom kind.
  group!=s names!=CustomResourceDefinitionNames scope!=s versions!=[]CustomResourceDefinitionVersion conversion=o
  preserveUnknownFields=b
CustomResourceDefinitionCondition: One aspect of a definition's state.
  type!=s status!=s lastTransitionTime=t reason=s message=s observedGeneration=l
CustomResourceDefinitionStatus: What is served of the definition.
  conditions=[]CustomResourceDefinitionCondition acceptedNames=CustomResourceDefinitionNames storedVersions=[]s
  observedGeneration=l
CustomResourceDefinition: Adds a kind to this API.
  apiVersion=s kind=s metadata=ObjectMeta spec!=CustomResourceDefinitionSpec status=CustomResourceDefinitionStatus
`;
