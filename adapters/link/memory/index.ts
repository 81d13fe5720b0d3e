export {
  createMemoryBroker,
  type MemoryBroker,
  type MemoryBrokerOptions,
  type MemoryDelivery,
  type MemoryFault,
} from './memory-broker.ts';
