/* pdk_rows.h - the functions that rows of pdk.def name. */
#ifndef PDK_BRIDGE_PDK_ROWS_H
#define PDK_BRIDGE_PDK_ROWS_H
#include "pdk-bridge/pdk.h"

/* A check raises what the gateway would raise, with its text: -E_ARGUMENT. Types that the row names are
 * checked afterwards. It must not suspend. */
#define CHECK(name) int check_##name(const struct pdk_call *c, struct err *err)
CHECK(authenticate);
CHECK(client_verify);
CHECK(configuration);
CHECK(ctx_key);
CHECK(ctx_set);
CHECK(error);
CHECK(exit);
CHECK(file_size);
CHECK(get_body);
CHECK(header);
CHECK(header_name);
CHECK(headers);
CHECK(is_trusted);
CHECK(load_consumer);
CHECK(log_format);
CHECK(max_args);
CHECK(max_headers);
CHECK(memory_stats);
CHECK(method);
CHECK(no_ca_certs);
CHECK(path);
CHECK(query);
CHECK(query_arg);
CHECK(retries);
CHECK(scheme);
CHECK(serialize_value);
CHECK(set_body);
CHECK(status);
CHECK(target);
CHECK(timeouts);
CHECK(tls_verify);
CHECK(tls_verify_depth);
CHECK(vault_update);
#undef CHECK

/* An impl does the whole of a checked call. It may suspend. */
#define DO(name) int do_##name(struct pdk_call *c)
DO(cluster_get_id);
DO(deprecation);
DO(error);
DO(error_by_exit);
DO(exit);
DO(get_body);
DO(get_headers);
DO(get_protocol);
DO(get_query);
DO(get_query_arg);
DO(get_raw_body);
DO(inspect);
DO(inspect_off);
DO(inspect_on);
DO(log);
DO(nothing);
DO(pb_authenticate);
DO(pb_clear_query_arg);
DO(pb_enable_buffering);
DO(pb_get_consumer);
DO(pb_get_credential);
DO(pb_get_forwarded_path);
DO(pb_get_forwarded_prefix);
DO(pb_get_hostname);
DO(pb_get_memory_stats);
DO(pb_get_plugin_id);
DO(pb_get_raw_path);
DO(pb_get_route);
DO(pb_get_service);
DO(pb_get_start_time);
DO(pb_service_get_header);
DO(pb_set_client_verify);
DO(request_header);
DO(response_header);
DO(serialize);
DO(service_get_body);
DO(service_get_header);
DO(service_get_headers);
DO(service_get_raw_body);
DO(set_body);
DO(set_ctx);
DO(set_serialize_value);
DO(set_service_header);
DO(set_upstream);
DO(table_merge);
DO(table_new);
DO(telemetry_log);
DO(vault_get);
DO(vault_is_reference);
DO(vault_parse_reference);
DO(vault_update);
#undef DO

#endif
