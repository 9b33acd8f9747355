# cmake -DIN=file -DOUT=file.inc -P bytes_to_inc.cmake
# Writes the bytes of IN as a C initialiser list, with a NUL after the last.
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
# A newline in the source (0x0a) is a newline in the output, which keeps lines short.
string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
file(WRITE "${OUT}" "${bytes}0x00\n")
