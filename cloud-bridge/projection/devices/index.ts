/** Devices: KubeEdge's Device and DeviceModel → desired documents; reported twins → DeviceStatus. */
export { createDevices, type DevicesOptions } from './devices.ts';
