import { ListFunctionsCommand, type FunctionConfiguration } from '@aws-sdk/client-lambda';
import { lambda } from '../../api/clients';
import { Command } from '../../parts/Command';
import { CreateFunction } from './CreateFunction';
import { Empty, Listing } from '../../parts/Listing';

export function Functions() {
  return (
    <Listing<FunctionConfiguration>
      title="Functions"
      description="Lambda functions: pre-provisioning hooks, authorizers, certificate providers."
      list={['functions']}
      load={async (Marker) => {
        const found = await (await lambda()).send(new ListFunctionsCommand({ Marker, MaxItems: 50 }));
        return { items: found.Functions ?? [], next: found.NextMarker };
      }}
      id={(it) => it.FunctionName ?? ''}
      actions={<CreateFunction button="Create function" />}
      columns={[
        { header: 'Function name', cell: (it) => it.FunctionName, text: (it) => it.FunctionName ?? '' },
        { header: 'Runtime', cell: (it) => it.Runtime, text: (it) => it.Runtime ?? '' },
        { header: 'Handler', cell: (it) => it.Handler, text: (it) => it.Handler ?? '' },
        { header: 'Memory (MB)', cell: (it) => it.MemorySize, text: (it) => String(it.MemorySize ?? '') },
        { header: 'Timeout (s)', cell: (it) => it.Timeout, text: (it) => String(it.Timeout ?? '') },
        { header: 'Last modified', cell: (it) => it.LastModified, text: (it) => it.LastModified ?? '' },
      ]}
      empty={
        <Empty what="No functions" why="A function can decide which devices may join.">
          <Command
            text={'aws lambda create-function --function-name fleet-hook --runtime python3.11 \\\n    --handler app.lambda_handler --role arn:aws:iam::ACCOUNT:role/HookRole --zip-file fileb://hook.zip'}
          />
        </Empty>
      }
    />
  );
}
