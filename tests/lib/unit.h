/* unit.h - cmocka, after what it needs before it. */
#ifndef TESTS_LIB_UNIT_H
#define TESTS_LIB_UNIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
