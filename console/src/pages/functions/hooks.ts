/** Runtimes whose functions are Python files. */
export const RUNTIMES = ['python3.11', 'python3.12', 'python3.13'] as const;
export const HANDLER = 'app.lambda_handler';

/** Who may assume the role of a function. */
export const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

export interface Hook {
  name: string;
  about: string;
  code: string;
}

/** Pre-provisioning hooks to begin with. */
export const HOOKS: [Hook, ...Hook[]] = [
  {
    name: 'Serial numbers of a form',
    about: 'Whatever begins with SN- may join.',
    code: `def lambda_handler(event, context):
    serial = event["parameters"].get("SerialNumber", "")
    print("serial number", serial)
    return {"allowProvisioning": serial.startswith("SN-")}
`,
  },
  {
    name: 'A list of known serial numbers',
    about: 'Only those that are written here may join.',
    code: `KNOWN = {"SN-0001", "SN-0002"}


def lambda_handler(event, context):
    serial = event["parameters"].get("SerialNumber", "")
    print("serial number", serial, "known" if serial in KNOWN else "unknown")
    return {"allowProvisioning": serial in KNOWN}
`,
  },
];
