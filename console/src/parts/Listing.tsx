import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { saveCsv } from './download';
import { ErrorBox } from './ErrorBox';

/** A page of a list, and the token of the next. */
export interface Slice<T> {
  items: T[];
  next?: string | undefined;
}

/** A column; `text` is what stands in a CSV file, where that is not what is shown. */
export interface Column<T> {
  header: string;
  cell: (item: T) => ReactNode;
  text: (item: T) => string;
}

interface Props<T> {
  title: string;
  /** What this is, and why one wants it. */
  description?: string;
  /** Names the query: list and filters. */
  list: readonly unknown[];
  load: (token: string | undefined) => Promise<Slice<T>>;
  id: (item: T) => string;
  columns: Column<T>[];
  empty: ReactNode;
  actions?: ReactNode;
  filter?: ReactNode;
  /** Rows that can be chosen. */
  selected?: T[];
  onSelect?: (items: T[]) => void;
  /** Looked at again after so many milliseconds. */
  every?: number;
}

/** A table whose pages the server makes. */
export function Listing<T>(props: Props<T>) {
  const { title, list, load, columns, selected, onSelect } = props;
  const key = JSON.stringify(list);
  const [place, setPlace] = useState<{ key: string; tokens: (string | undefined)[]; page: number }>({ key, tokens: [undefined], page: 1 });
  // Another filter begins at its first page.
  const { tokens, page } = place.key === key ? place : { tokens: [undefined], page: 1 };
  const token = tokens[page - 1];
  const found = useQuery({ queryKey: [...list, 'page', token], queryFn: () => load(token), refetchInterval: props.every ?? false });
  const next = found.data?.next;
  const known = next && tokens.length === page ? [...tokens, next] : tokens;
  const items = found.data?.items ?? [];
  const definitions: TableProps.ColumnDefinition<T>[] = columns.map(({ header, cell }, at) => ({ id: header, header, cell, isRowHeader: at === 0 }));
  return (
    <SpaceBetween size="m">
      <ErrorBox error={found.error} doing={`${title} could not be listed`} />
      <Table<T>
        variant="full-page"
        items={items}
        trackBy={props.id}
        columnDefinitions={definitions}
        loading={found.isPending}
        loadingText="Loading"
        wrapLines
        enableKeyboardNavigation
        empty={found.error ? 'The server refused to list them.' : props.empty}
        {...(onSelect && {
          selectionType: 'multi' as const,
          selectedItems: selected ?? [],
          onSelectionChange: ({ detail }: { detail: TableProps.SelectionChangeDetail<T> }) => onSelect(detail.selectedItems),
          ariaLabels: {
            selectionGroupLabel: 'Chosen rows',
            allItemsSelectionLabel: () => 'Choose all',
            itemSelectionLabel: (_: unknown, item: T) => `Choose ${props.id(item)}`,
          },
        })}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={found.data ? `(${items.length}${next ? '+' : ''})` : ''}
            description={props.description}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button iconName="refresh" ariaLabel="Refresh" loading={found.isFetching} onClick={() => void found.refetch()} />
                <Button iconName="download" ariaLabel="Save this page as CSV" disabled={items.length === 0} onClick={() => saveCsv(title, columns, items)} />
                {props.actions}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
        {...(props.filter ? { filter: props.filter } : {})}
        pagination={
          <Pagination
            currentPageIndex={page}
            pagesCount={known.length}
            openEnd={Boolean(next)}
            disabled={found.isPending}
            onChange={({ detail }) => setPlace({ key, tokens: known, page: Math.min(detail.currentPageIndex, known.length) })}
            ariaLabels={{ nextPageLabel: 'Next page', previousPageLabel: 'Previous page', pageLabel: (page) => `Page ${page}` }}
          />
        }
      />
    </SpaceBetween>
  );
}

/** What stands in the place of an empty table. */
export function Empty({ what, why, children }: { what: string; why: string; children?: ReactNode }) {
  return (
    <Box textAlign="center" padding={{ vertical: 'm' }}>
      <SpaceBetween size="s">
        <div>
          <Box variant="strong">{what}</Box>
          <Box variant="p" color="text-body-secondary">{why}</Box>
        </div>
        {children}
      </SpaceBetween>
    </Box>
  );
}
