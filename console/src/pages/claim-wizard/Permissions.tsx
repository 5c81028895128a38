import { ListPoliciesCommand } from '@aws-sdk/client-iot';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import Header from '@cloudscape-design/components/header';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { iot } from '../../api/clients';
import { ErrorBox } from '../../parts/ErrorBox';
import { CreatePolicy } from '../policies/CreatePolicy';
import { deviceAsItself } from '../policies/documents';
import type { StepProps } from './draft';

/** Policies that are offered; more are a case for the command line. */
const POLICIES = 250;

export function Permissions({ draft, change }: StepProps) {
  const [filter, setFilter] = useState('');
  const found = useQuery({ queryKey: ['policies', 'names'], queryFn: () => iot().send(new ListPoliciesCommand({ pageSize: POLICIES })) });
  // The claim's policy is for joining, not for afterwards.
  const names = (found.data?.policies ?? []).map((it) => it.policyName ?? '').filter((it) => it !== draft.claimPolicy);
  const shown = names.filter((it) => it.toLowerCase().includes(filter.toLowerCase()));
  const kept = draft.policies.filter((it) => !shown.includes(it));
  return (
    <SpaceBetween size="m">
      <ErrorBox error={found.error} doing="The policies could not be listed" />
      <Table<string>
        items={shown}
        trackBy={(it) => it}
        loading={found.isPending}
        loadingText="Loading"
        selectionType="multi"
        selectedItems={draft.policies.filter((it) => shown.includes(it))}
        onSelectionChange={({ detail }) => change({ policies: [...kept, ...detail.selectedItems] })}
        ariaLabels={{ selectionGroupLabel: 'Chosen policies', allItemsSelectionLabel: () => 'Choose all', itemSelectionLabel: (_, it) => `Choose ${it}` }}
        columnDefinitions={[{ id: 'name', header: 'Policy name', cell: (it) => it, isRowHeader: true }]}
        filter={<TextFilter filteringText={filter} filteringPlaceholder="Search policies" filteringAriaLabel="Search policies" onChange={({ detail }) => setFilter(detail.filteringText)} />}
        empty="No policies: create one, or devices may do nothing once they joined."
        header={
          <Header
            variant="h2"
            counter={`(${draft.policies.length}/${names.length})`}
            actions={<CreatePolicy button="Create policy" example={deviceAsItself} done={(name) => change({ policies: [...draft.policies, name] })} />}
          >
            Policies
          </Header>
        }
      />
    </SpaceBetween>
  );
}
