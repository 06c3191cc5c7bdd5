using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Writes what a job wants of the store into files in its staging folder, once, so that all attempts of a map task see the same.</summary>
internal static class StoreFiles
{
    /// <summary>A file that has as much is closed: each is a map task's, or shares one.</summary>
    internal const int FileBytes = 16 << 20;

    /// <exception cref="MapReduceException">A file cannot be written.</exception>
    public static async Task<IReadOnlyList<string>> WriteAsync(JobSpec spec, AttemptId attempt, IStoreScanner scanner, CancellationToken cancellation)
    {
        List<string> paths = [];
        byte[] buffer = new byte[1 << 20];
        int used = 0;
        foreach (string prefix in StoreInput.PrefixesOf(spec))
        {
            await foreach ((ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) in scanner.ScanAsync(prefix, cancellation).ConfigureAwait(false))
            {
                int size = StoreRecordFormat.SizeOf(key.Span, value.Span);
                if (used > 0 && used + size > FileBytes) Close();
                if (used + size > buffer.Length) Array.Resize(ref buffer, Math.Max(used + size, buffer.Length * 2));
                StoreRecordFormat.Write(buffer.AsSpan(used), key.Span, value.Span);
                used += size;
            }
        }

        if (used > 0) Close();
        return paths;

        void Close()
        {
            string path = JobPaths.Store(spec, attempt, paths.Count);
            WorkFiles files = new(JobPaths.Staging(spec));
            using SafeFileHandle file = files.Create(path);
            files.Write(file, path, buffer.AsSpan(0, used), 0);
            if (spec.Durable) DurableFiles.Sync(file, path);
            paths.Add(path);
            used = 0;
        }
    }
}
