/* sanitize.h - which sanitizer this is compiled with: UNDER_ASAN, UNDER_TSAN. */
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

#endif
