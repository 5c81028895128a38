import { DescribeEndpointCommand } from '@aws-sdk/client-iot';
import { useQuery } from '@tanstack/react-query';
import { iot } from './clients';

/** Kinds of endpoints that this server has. */
export const KINDS = ['iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'] as const;

/** Where devices find a service. */
export function useEndpoint(endpointType: (typeof KINDS)[number]) {
  return useQuery({
    queryKey: ['endpoint', endpointType],
    queryFn: async () => (await iot().send(new DescribeEndpointCommand({ endpointType }))).endpointAddress ?? '',
  });
}

/** The endpoint with a port, for clients that want one. */
export function withPort(address: string): string {
  return /:\d+$/.test(address) ? address : `${address}:8883`;
}
