// Word count by MR-MPI, a MapReduce engine in C++ over MPI. mpirun -np 2 ./mrmpi TEXT OUTPUT
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include "mpi.h"
#include "mapreduce.h"
#include "keyvalue.h"
using namespace MAPREDUCE_NS;

// A piece of the file; the engine cuts at line feeds.
static void map(int, char *text, int size, KeyValue *kv, void *) {
  long one = 1;
  char word[1 << 16];
  int length = 0;
  for (int i = 0; i < size; i++) {
    if (isalpha((unsigned char)text[i]) && length < (int)sizeof word - 1) {
      word[length++] = text[i];
    } else if (length > 0) {
      kv->add(word, length, (char *)&one, sizeof one);
      length = 0;
    }
  }
  if (length > 0) kv->add(word, length, (char *)&one, sizeof one);
}

static void sum(char *key, int keyBytes, char *values, int count, int *sizes, KeyValue *kv, void *engine) {
  long total = 0;
  if (values != nullptr) {
    for (int i = 0; i < count; i++) total += ((long *)values)[i];
  } else {
    // A group that is longer than a page.
    MapReduce *mr = (MapReduce *)engine;
    int blocks = 0;
    mr->multivalue_blocks(blocks);
    for (int b = 0; b < blocks; b++) {
      int n = mr->multivalue_block(b, &values, &sizes);
      for (int i = 0; i < n; i++) total += ((long *)values)[i];
    }
  }
  kv->add(key, keyBytes, (char *)&total, sizeof total);
}

static void write(char *key, int keyBytes, char *value, int, void *file) {
  fprintf((FILE *)file, "%.*s %ld\n", keyBytes, key, *(long *)value);
}

static int compare(char *a, int n, char *b, int m) {
  int order = memcmp(a, b, std::min(n, m));
  return order != 0 ? order : n - m;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  {
    MapReduce mr(MPI_COMM_WORLD);
    mr.memsize = 256;
    mr.verbosity = mr.timer = 0;
    mr.map(8 * ranks, 1, &argv[1], 0, 0, '\n', 1 << 16, map, nullptr);
    mr.compress(sum, &mr);
    mr.collate(nullptr);
    mr.reduce(sum, &mr);
    mr.sort_keys(compare);
    FILE *file = fopen((std::string(argv[2]) + "." + std::to_string(rank)).c_str(), "w");
    mr.scan(write, file);
    fclose(file);
  }
  MPI_Finalize();
}
