export { createMqttLink } from './mqtt-link.ts';
