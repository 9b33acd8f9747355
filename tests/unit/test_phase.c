/* test_phase.c - names of phases. */
#include <string.h>
#include "pdk-bridge/phase.h"
#include "tests/lib/unit.h"

static void every_phase_is_found_by_its_name(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < PHASE_COUNT; i++)
		assert_int_equal(
			phase_find(phase_name((enum phase)i), strlen(phase_name((enum phase)i))),
			i);
	assert_int_equal(phase_find("access", 5), -1);
	assert_int_equal(phase_find("access2", 7), -1);
	assert_int_equal(phase_find("", 0), -1);
	assert_string_equal(phase_name(PHASE_COUNT), "unknown");
}

static void external_phases_are_those_of_the_set(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < PHASE_COUNT; i++)
		assert_int_equal(phase_is_external((enum phase)i),
				 (PHASES_EXTERNAL & PHASE_BIT(i)) != 0);
	assert_false(phase_is_external(PHASE_COUNT));
}

static void sets_are_named_in_the_gateways_order(void **state)
{
	char buf[128], small[12];

	(void)state;
	phase_set_names(PHASE_BIT(PHASE_PREREAD) | PHASE_BIT(PHASE_REWRITE) | PHASE_BIT_ERROR, buf,
			sizeof(buf));
	assert_string_equal(buf, "rewrite, preread, error");
	phase_set_names(0, buf, sizeof(buf));
	assert_string_equal(buf, "");
	phase_set_names(PHASES_EXTERNAL, small, sizeof(small));
	assert_string_equal(small, "certificate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_phase_is_found_by_its_name),
		cmocka_unit_test(external_phases_are_those_of_the_set),
		cmocka_unit_test(sets_are_named_in_the_gateways_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
