execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD OUTPUT_VARIABLE SHA
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE FAILED)
if(FAILED)
  set(SHA "unknown")
  set(DIRTY false)
else()
  execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain OUTPUT_VARIABLE CHANGES ERROR_QUIET)
  if(CHANGES)
    set(DIRTY true)
  else()
    set(DIRTY false)
  endif()
endif()
set(TEXT "#pragma once
#define THALWEG_VERSION \"${VERSION}\"
#define THALWEG_GIT_SHA \"${SHA}\"
#define THALWEG_GIT_DIRTY ${DIRTY}
")
set(OLD "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} OLD)
endif()
if(NOT OLD STREQUAL TEXT)
  file(WRITE ${OUTPUT} "${TEXT}")
endif()
