namespace Quorleans.Benchmarks.MapReduce.Peers;

/// <summary>The peers, each with two threads or processes. How to get them is in Benchmarks/README.md.</summary>
internal static class KnownPeers
{
    /// <summary>The name of a folder below the one for temporary files where DuckDB is looked for.</summary>
    public const string NpmFolder = "quorleans-peers";

    /// <summary>Word count.</summary>
    public static IReadOnlyList<Peer> WordCount { get; } =
    [
        new("GNU parallel, tr | mawk", "command -v parallel && command -v mawk", "sh '{peers}/parallel.sh' '{input}' '{output}'"),
        new("DuckDB", $"command -v node && test -d '{Npm}/node_modules/@duckdb/node-api'", $"cd '{Npm}' && node '{{peers}}/duckdb.mjs' '{{input}}' '{{output}}'"),

        // As root, mpirun wants to be asked twice.
        new(
            "MR-MPI",
            "command -v mpirun && mpicxx -O2 -I/usr/include/mrmpi '{peers}/mrmpi.cpp' -lMapReduceMPI -o '{scratch}/mrmpi'",
            "cd '{scratch}' && OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -np 2 ./mrmpi '{input}' '{output}' && LC_ALL=C sort -m '{output}.0' '{output}.1' > '{output}'"),
    ];

    /// <summary>Sort.</summary>
    public static IReadOnlyList<Peer> Sort { get; } =
        [new("sort -S2G --parallel=2", "command -v sort", "LC_ALL=C sort -S2G --parallel=2 -T '{scratch}' -o '{output}' '{input}'")];

    private static string Npm => Path.Combine(Path.GetTempPath(), NpmFolder);
}
