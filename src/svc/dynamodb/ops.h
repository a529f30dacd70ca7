/* SPDX-License-Identifier: Apache-2.0
 *
 * The handlers of all operations, for the tables in api.c.
 */
#ifndef WEIR_SVC_DYNAMODB_OPS_H
#define WEIR_SVC_DYNAMODB_OPS_H

#include "svc/dynamodb/dynamodb_int.h"

/* ---- api_table.c ---- */
status ddb_create_table(struct call *c);
status ddb_delete_table(struct call *c);
status ddb_describe_table(struct call *c);
status ddb_list_tables(struct call *c);

/* ---- api_insights.c ---- */
status ddb_describe_insights(struct call *c);
status ddb_list_insights(struct call *c);
status ddb_update_insights(struct call *c);

/* ---- api_policy.c ---- */
status ddb_delete_policy(struct call *c);
status ddb_get_policy(struct call *c);
status ddb_put_policy(struct call *c);

/* ---- api_setting.c ---- */
status ddb_describe_endpoints(struct call *c);
status ddb_describe_limits(struct call *c);

/* ---- api_tag.c ---- */
status ddb_list_tags(struct call *c);
status ddb_tag_resource(struct call *c);
status ddb_untag_resource(struct call *c);

/* ---- api_ttl.c ---- */
status ddb_describe_ttl(struct call *c);
status ddb_update_ttl(struct call *c);

/* ---- api_update_table.c ---- */
status ddb_update_table(struct call *c);

/* ---- api_item.c ---- */
status ddb_delete_item(struct call *c);
status ddb_get_item(struct call *c);
status ddb_put_item(struct call *c);
status ddb_update_item(struct call *c);

/* ---- api_backup.c, api_past.c ---- */
status ddb_create_backup(struct call *c);
status ddb_delete_backup(struct call *c);
status ddb_describe_backup(struct call *c);
status ddb_list_backups(struct call *c);
status ddb_restore_table_from_backup(struct call *c);
status ddb_describe_continuous_backups(struct call *c);
status ddb_restore_table_to_point_in_time(struct call *c);
status ddb_update_continuous_backups(struct call *c);

/* ---- api_import.c ---- */
status ddb_describe_import(struct call *c);
status ddb_import_table(struct call *c);
status ddb_list_imports(struct call *c);

/* ---- api_bulk.c ---- */
status ddb_cancel_bulk(struct call *c);
status ddb_describe_bulk(struct call *c);
status ddb_list_bulks(struct call *c);
status ddb_start_bulk_put(struct call *c);

/* ---- api_export.c ---- */
status ddb_describe_export(struct call *c);
status ddb_export_table_to_point_in_time(struct call *c);
status ddb_list_exports(struct call *c);

/* ---- api_batch.c ---- */
status ddb_batch_get_item(struct call *c);
status ddb_batch_write_item(struct call *c);

/* ---- api_transact.c ---- */
status ddb_transact_get_items(struct call *c);
status ddb_transact_write_items(struct call *c);

/* ---- api_destination.c ---- */
status ddb_describe_destination(struct call *c);
status ddb_disable_destination(struct call *c);
status ddb_enable_destination(struct call *c);
status ddb_update_destination(struct call *c);

/* ---- api_stream.c ---- */
status ddb_describe_stream(struct call *c);
status ddb_get_shard_iterator(struct call *c);
status ddb_get_stream_records(struct call *c);
status ddb_list_streams(struct call *c);

/* ---- api_query.c ---- */
status ddb_query(struct call *c);
status ddb_scan(struct call *c);

/* ---- api_vector.c ---- */
status ddb_search_vectors(struct call *c);

/* ---- api_partiql.c ---- */
status ddb_batch_execute_statement(struct call *c);
status ddb_execute_statement(struct call *c);

/* ---- partiql_transact.c ---- */
status ddb_execute_transaction(struct call *c);

#endif
