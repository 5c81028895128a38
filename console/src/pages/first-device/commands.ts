/** What a device of some kind runs to join. */
export interface DeviceCommand {
  id: string;
  label: string;
  about: string;
  text: string;
}

/** The parameters that a device has to send: those of the template that have no default and are not AWS's. */
export function parametersOf(templateBody: string): string[] {
  try {
    const { Parameters = {} } = JSON.parse(templateBody) as { Parameters?: Record<string, { Default?: string }> };
    return Object.entries(Parameters).filter(([name, about]) => !name.startsWith('AWS::') && about.Default === undefined).map(([name]) => name);
  } catch {
    return [];
  }
}

function example(parameter: string): string {
  return parameter === 'SerialNumber' ? 'SN-0001' : `my-${parameter}`;
}

/** The command lines, filled in. */
export function commands(endpoint: string, template: string, parameters: string[]): DeviceCommand[] {
  const at = endpoint.lastIndexOf(':');
  const [host, port] = [endpoint.slice(0, at), endpoint.slice(at + 1)];
  const own = [
    'fleetwright device provision',
    `--endpoint ${endpoint} --ca root-ca.pem`,
    '--claim-cert claim.cert.pem --claim-key claim.private.key',
    `--template ${template}`,
    ...parameters.map((name) => `--parameter ${name}=${example(name)}`),
    '--identity ./my-device',
  ].join(' \\\n    ');
  const values = JSON.stringify(Object.fromEntries(parameters.map((name) => [name, example(name)])));
  const python = [
    'python3 fleetprovisioning.py',
    `--endpoint ${host} --port ${port} --ca_file root-ca.pem`,
    '--cert claim.cert.pem --key claim.private.key',
    `--template_name ${template}`,
    `--template_parameters '${values}'`,
  ].join(' \\\n    ');
  return [
    { id: 'fleetwright', label: 'fleetwright device', about: 'The key is made on the device and never leaves it; the identity is kept in ./my-device.', text: own },
    { id: 'python', label: 'AWS IoT Device SDK for Python', about: 'The sample fleetprovisioning.py of aws-iot-device-sdk-python-v2.', text: python },
  ];
}
