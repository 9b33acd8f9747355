/* sanitize.h - which sanitizer this is compiled with: UNDER_ASAN, UNDER_TSAN. FORBID_MEMORY(p, n) has the former
 * report who touches those bytes, until ALLOW_MEMORY(p, n). */
#ifndef PROTOCOL_SANITIZE_H
#define PROTOCOL_SANITIZE_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define UNDER_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define UNDER_ASAN
#endif
#ifdef __SANITIZE_THREAD__
#define UNDER_TSAN
#endif

#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>
#define FORBID_MEMORY(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define ALLOW_MEMORY(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define FORBID_MEMORY(memory, size) ((void)(memory), (void)(size))
#define ALLOW_MEMORY(memory, size) ((void)(memory), (void)(size))
#endif

#endif
