/* pdk_rows_missing.c - stands in for what is not written yet. */
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_rows.h"

__attribute__((weak)) int check_authenticate(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_client_verify(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_configuration(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_ctx_key(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_ctx_set(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_error(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_exit(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_file_size(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_get_body(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_header(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_header_name(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_headers(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_is_trusted(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_load_consumer(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_log_format(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_max_args(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_max_headers(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_memory_stats(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_method(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_no_ca_certs(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_path(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_query(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_query_arg(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_retries(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_scheme(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_serialize_value(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_set_body(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_status(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_target(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_timeouts(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_tls_verify(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_tls_verify_depth(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int check_vault_update(const struct pdk_call *c, struct err *err)
{
	(void)c;
	(void)err;
	return 0;
}

__attribute__((weak)) int do_cluster_get_id(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_deprecation(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_body(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_header(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_headers(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_protocol(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_query(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_query_arg(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_get_raw_body(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_inspect(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_inspect_off(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_inspect_on(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_nothing(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_serialize(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_service_buffered(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_service_get_body(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_service_get_headers(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_service_get_raw_body(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_set_body(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_set_upstream(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_table_merge(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_table_new(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_telemetry_log(struct pdk_call *c)
{
	return pdk_ask(c);
}


__attribute__((weak)) int do_vault_get(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_vault_is_reference(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_vault_parse_reference(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int do_vault_update(struct pdk_call *c)
{
	return pdk_ask(c);
}

__attribute__((weak)) int pdk_logphase(struct pdk_call *c)
{
	return err_set(c->err, E_PHASE, "%s", c->fn->name);
}
