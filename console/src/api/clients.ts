import type { IAMClient } from '@aws-sdk/client-iam';
import { IoTClient } from '@aws-sdk/client-iot';
import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { session } from '../session/session';

/** How every client of AWS's SDK reaches this server. */
function reach() {
  return {
    endpoint: window.location.origin,
    region: session()?.region ?? 'us-east-1',
    // Asked for each request: whoever signs in anew is the one who asks.
    credentials: () => {
      const current = session();
      return current ? Promise.resolve({ ...current, expiration: undefined }) : Promise.reject(new Error('You are signed out.'));
    },
    maxAttempts: 2,
  };
}

let made: IoTClient | undefined;
let region: string | undefined;

/** AWS IoT. */
export function iot(): IoTClient {
  if (!made || region !== session()?.region) made = new IoTClient(reach());
  region = session()?.region;
  return made;
}

/** IAM; its client is loaded by the pages that need it. */
export async function iam(): Promise<IAMClient> {
  const { IAMClient } = await import('@aws-sdk/client-iam');
  return new IAMClient(reach());
}

/** AWS IoT's data plane, likewise. */
export async function iotData(): Promise<IoTDataPlaneClient> {
  const { IoTDataPlaneClient } = await import('@aws-sdk/client-iot-data-plane');
  return new IoTDataPlaneClient(reach());
}

/** Lambda, likewise. */
export async function lambda(): Promise<LambdaClient> {
  const { LambdaClient } = await import('@aws-sdk/client-lambda');
  return new LambdaClient(reach());
}
