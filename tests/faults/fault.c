/* Loaded before the program's libraries (LD_PRELOAD), makes one call of one function fail.
 *
 * THALWEG_FAULT=FUNCTION:CALL:RANK:ERRNO: the CALL-th call (from 1) of FUNCTION on rank RANK fails with ERRNO; MPI and
 * HDF5 functions return their error codes. Functions of files count only where the file's path contains
 * THALWEG_FAULT_PATH. With CALL 0 every call fails. Says so on stderr when it strikes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <hdf5.h>
#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int counted(const char* function, int* code) {
  static long calls = 0;
  const char* fault = getenv("THALWEG_FAULT");
  const char* rank = getenv("OMPI_COMM_WORLD_RANK");
  char wanted[64] = "";
  long at = 0;
  long on = 0;
  if (fault == NULL || sscanf(fault, "%63[^:]:%ld:%ld:%d", wanted, &at, &on, code) != 4) return 0;
  if (strcmp(wanted, function) != 0 || on != (rank == NULL ? 0 : atol(rank))) return 0;
  ++calls;
  if (at != 0 && calls != at) return 0;
  fprintf(stderr, "fault: call %ld of %s fails\n", calls, function);
  return 1;
}

static int of_interest(const char* path) {
  const char* part = getenv("THALWEG_FAULT_PATH");
  return part != NULL && strstr(path, part) != NULL;
}

static int open_file_of_interest(int file) {
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = '\0';
  return of_interest(path);
}

/* Fails a function of files with errno, or goes on to the real one. */
#define FILE_FAULT(type, name, interest, parameters, arguments, failure) \
  type name parameters {                                                 \
    int code = 0;                                                        \
    if ((interest) && counted(#name, &code)) {                           \
      errno = code;                                                      \
      return failure;                                                    \
    }                                                                    \
    type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
    return real arguments;                                               \
  }

FILE_FAULT(ssize_t, pwrite, open_file_of_interest(file),
           (int file, const void* bytes, size_t size, off_t at), (file, bytes, size, at), -1)
FILE_FAULT(int, fsync, open_file_of_interest(file), (int file), (file), -1)
FILE_FAULT(int, fdatasync, open_file_of_interest(file), (int file), (file), -1)
FILE_FAULT(int, flock, open_file_of_interest(file), (int file, int what), (file, what), -1)
FILE_FAULT(int, rename, of_interest(to), (const char* from, const char* to), (from, to), -1)
FILE_FAULT(int, posix_fallocate, open_file_of_interest(file), (int file, off_t at, off_t size),
           (file, at, size), code)

/* Returns `failure` from a function of a library, or goes on to the real one. */
#define LIBRARY_FAULT(type, name, parameters, arguments, failure)        \
  type name parameters {                                                 \
    int code = 0;                                                        \
    if (counted(#name, &code)) return failure;                           \
    type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
    return real arguments;                                               \
  }

LIBRARY_FAULT(int, MPI_Allreduce,
              (const void* in, void* out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm),
              (in, out, count, type, op, comm), MPI_ERR_OTHER)
LIBRARY_FAULT(int, MPI_Bcast, (void* data, int count, MPI_Datatype type, int root, MPI_Comm comm),
              (data, count, type, root, comm), MPI_ERR_OTHER)
LIBRARY_FAULT(herr_t, H5Dwrite,
              (hid_t set, hid_t type, hid_t memory, hid_t file, hid_t transfer, const void* data),
              (set, type, memory, file, transfer, data), -1)
LIBRARY_FAULT(herr_t, H5Fflush, (hid_t object, H5F_scope_t scope), (object, scope), -1)
