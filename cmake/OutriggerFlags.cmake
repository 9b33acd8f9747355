# Compiler flags, in one interface target that every target of ours links: outrigger_flags.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${OUTRIGGER_LTO})

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
	set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE}")
endif()

# Also used by the test that compiles every header alone.
set(OUTRIGGER_WARNINGS
	-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wwrite-strings -Wvla)
set(OUTRIGGER_DEFINITIONS _GNU_SOURCE "OUTRIGGER_VERSION=\"${PROJECT_VERSION}\"")

add_library(outrigger_flags INTERFACE)
target_include_directories(outrigger_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(outrigger_flags INTERFACE ${OUTRIGGER_DEFINITIONS})
target_compile_options(outrigger_flags INTERFACE ${OUTRIGGER_WARNINGS} -fno-omit-frame-pointer)

# gcc clears and copies structs of 64 to 256 bytes by one instruction of the processor that takes five times as
# long to start as the work takes (docs/adr/0020-hot-path.md).
include(CheckCCompilerFlag)
set(memset_flag "-mmemset-strategy=vector_loop:256:noalign,libcall:-1:noalign")
check_c_compiler_flag(${memset_flag} HAS_MEMSET_STRATEGY)
if(HAS_MEMSET_STRATEGY AND NOT OUTRIGGER_SANITIZE)
	target_compile_options(outrigger_flags INTERFACE ${memset_flag})
endif()
if(OUTRIGGER_WERROR)
	target_compile_options(outrigger_flags INTERFACE -Werror)
endif()
if(OUTRIGGER_SANITIZE)
	target_compile_options(outrigger_flags INTERFACE
		-fsanitize=${OUTRIGGER_SANITIZE} -fno-sanitize-recover=all)
	target_link_options(outrigger_flags INTERFACE -fsanitize=${OUTRIGGER_SANITIZE})
endif()
if(OUTRIGGER_FAULTS)
	target_compile_definitions(outrigger_flags INTERFACE OUTRIGGER_FAULTS)
endif()
if(OUTRIGGER_COVERAGE)
	target_compile_options(outrigger_flags INTERFACE --coverage -fprofile-update=atomic)
	target_link_options(outrigger_flags INTERFACE --coverage)
endif()
if(OUTRIGGER_PROFILE AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
	message(FATAL_ERROR "OUTRIGGER_PROFILE needs gcc")
elseif(OUTRIGGER_PROFILE STREQUAL "make")
	target_compile_options(outrigger_flags INTERFACE -fprofile-generate -fprofile-update=prefer-atomic)
	target_link_options(outrigger_flags INTERFACE -fprofile-generate)
elseif(OUTRIGGER_PROFILE STREQUAL "use")
	# gcc looks for it beside the object. What has none, or another function's, is compiled as ever.
	target_compile_options(outrigger_flags INTERFACE -fprofile-use -fprofile-partial-training
		-Wno-missing-profile -Wno-coverage-mismatch)
endif()
if(OUTRIGGER_FUZZ)
	target_compile_options(outrigger_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT OUTRIGGER_SANITIZE)
	# OpenSSL's macros have __FILE__ in them, which would leave the path of the build in the package.
	target_compile_options(outrigger_flags INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE
		-D_FORTIFY_SOURCE=2 "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
	target_link_options(outrigger_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

# BUG_ON aborts in debug builds and is logged in others, so NDEBUG says which one this is.
set(CMAKE_C_FLAGS_DEBUG "-g3 -O1")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-g -O2 -DNDEBUG")
