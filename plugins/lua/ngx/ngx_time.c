/* ngx_time.c - clocks, and times as HTTP writes them. Months and days are named in English whatever the
 * locale is. */
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/ngx/ngx_core.h"

#define TEXT_SIZE 64
#define YEAR_2038 138 /* from then on cookies have years of four digits, as nginx writes them */

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static double seconds_of(clockid_t clock)
{
	struct timespec now;
	long ms;

	clock_gettime(clock, &now);
	ms = now.tv_nsec / 1000000;
	return (double)now.tv_sec + (double)ms / 1e3;
}

/* now(): seconds since 1970, to the millisecond. */
static int time_now(lua_State *L)
{
	lua_pushnumber(L, seconds_of(CLOCK_REALTIME));
	return 1;
}

/* monotonic(): seconds of a clock that nobody sets, to the millisecond. */
static int time_monotonic(lua_State *L)
{
	lua_pushnumber(L, seconds_of(CLOCK_MONOTONIC));
	return 1;
}

/* ---- texts ---- */

static int push_format(lua_State *L, const char *format, bool local)
{
	char text[TEXT_SIZE];
	time_t now = time(NULL);
	struct tm tm;

	if (local)
		localtime_r(&now, &tm);
	else
		gmtime_r(&now, &tm);
	lua_pushlstring(L, text, strftime(text, sizeof(text), format, &tm));
	return 1;
}

static int time_today(lua_State *L)
{
	return push_format(L, "%Y-%m-%d", true);
}

static int time_local(lua_State *L)
{
	return push_format(L, "%Y-%m-%d %H:%M:%S", true);
}

static int time_utc(lua_State *L)
{
	return push_format(L, "%Y-%m-%d %H:%M:%S", false);
}

static struct tm check_time(lua_State *L)
{
	lua_Number seconds;
	time_t t;
	struct tm tm = {0};

	if (lua_type(L, 1) != LUA_TNUMBER)
		luaL_error(L, "number argument only");
	seconds = lua_tonumber(L, 1);
	if (!(fabs(seconds) < 1e14))
		luaL_error(L, "number argument only");
	t = (time_t)seconds;
	gmtime_r(&t, &tm);
	return tm;
}

/* http(seconds): "Sun, 13 Jan 2019 17:53:20 GMT" */
static int time_http(lua_State *L)
{
	struct tm tm = check_time(L);
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "%s, %02d %s %4d %02d:%02d:%02d GMT", days[tm.tm_wday],
		 tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
	lua_pushstring(L, text);
	return 1;
}

/* cookie(seconds): "Sun, 13-Jan-19 17:53:20 GMT" */
static int time_cookie(lua_State *L)
{
	struct tm tm = check_time(L);
	char text[TEXT_SIZE], year[16];

	if (tm.tm_year < YEAR_2038)
		snprintf(year, sizeof(year), "%02d", tm.tm_year % 100);
	else
		snprintf(year, sizeof(year), "%d", tm.tm_year + 1900);
	snprintf(text, sizeof(text), "%s, %02d-%s-%s %02d:%02d:%02d GMT", days[tm.tm_wday],
		 tm.tm_mday, months[tm.tm_mon], year, tm.tm_hour, tm.tm_min, tm.tm_sec);
	lua_pushstring(L, text);
	return 1;
}

/* ---- parsing ---- */

/* English names, whatever Lua code does to the process' locale. Made at the first use and kept. */
static locale_t english(void)
{
	static locale_t locale;

	if (locale == (locale_t)0)
		locale = newlocale(LC_TIME_MASK, "C", (locale_t)0);
	return locale;
}

/* One of the three forms that HTTP knows. */
static bool scan(const char *text, struct tm *tm)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
					    "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};
	const char *end;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(tm, 0, sizeof(*tm));
		end = strptime_l(text, forms[i], tm, english());
		if (end != NULL && *end == '\0')
			return true;
	}
	return false;
}

/* timegm moves a day that the month doesn't have, or a 60th second, into the next one. */
static bool to_seconds(const struct tm *tm, time_t *ret)
{
	struct tm moved = *tm;

	*ret = timegm(&moved);
	return tm->tm_mday == moved.tm_mday && tm->tm_hour == moved.tm_hour &&
	       tm->tm_min == moved.tm_min && tm->tm_sec == moved.tm_sec;
}

/* parse_http(text): seconds since 1970, or nil. */
static int time_parse_http(lua_State *L)
{
	struct tm tm;
	time_t seconds;

	if (lua_type(L, 1) != LUA_TSTRING)
		return luaL_error(L, "string argument only");
	if (scan(lua_tostring(L, 1), &tm) && to_seconds(&tm, &seconds))
		lua_pushnumber(L, (lua_Number)seconds);
	else
		lua_pushnil(L);
	return 1;
}

int ngx_time_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"now", time_now},
		{"monotonic", time_monotonic},
		{"today", time_today},
		{"local_", time_local},
		{"utc", time_utc},
		{"http", time_http},
		{"cookie", time_cookie},
		{"parse_http", time_parse_http},
		{NULL, NULL},
	};

	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}
