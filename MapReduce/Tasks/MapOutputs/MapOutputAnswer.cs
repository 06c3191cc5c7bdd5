using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>What a request for map outputs gets.</summary>
public sealed class MapOutputAnswer
{
    private const int ChunkBytes = 256 * 1024;
    private readonly byte[] _head;
    private readonly IReadOnlyList<Run> _runs = [];
    private readonly int _partition;
    private readonly long _offset;

    internal MapOutputAnswer(IReadOnlyList<IReadOnlyList<Run>> outputs, int partition, long offset)
    {
        _head = MapOutputHeader.Write(outputs, partition);
        _runs = [.. outputs.SelectMany(static runs => runs)];
        _partition = partition;
        _offset = offset;
        Status = offset == 0 ? 200 : 206;
        WholeBytes = _head.Length + _runs.Sum(run => run.Segments[partition].Bytes);
    }

    private MapOutputAnswer(int status, byte[] body) => (Status, _head, WholeBytes) = (status, body, body.Length);

    /// <summary>The status by HTTP: 200, 206, or 400, 401, 410 (outputs are gone; the body says which, by their places in the request), 416.</summary>
    public int Status { get; }

    /// <summary>How many bytes are sent.</summary>
    public long Bytes => WholeBytes - _offset;

    /// <summary>How many bytes the answer has, with those that the caller has already.</summary>
    public long WholeBytes { get; }

    internal static MapOutputAnswer Refuse(int status, string why) => new(status, Encoding.UTF8.GetBytes(why));

    internal static MapOutputAnswer Gone(IReadOnlyList<int> missing) => new(410, JsonSerializer.SerializeToUtf8Bytes([.. missing], MapOutputJson.Default.Int32Array));

    /// <summary>Sends it. The caller's pace is the pace of reading.</summary>
    /// <exception cref="IOException">A file is gone, or shorter than it was.</exception>
    public async Task SendAsync(PipeWriter to, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(to);
        long skip = _offset;
        if (skip < _head.Length) await to.WriteAsync(_head.AsMemory((int)skip), cancellation).ConfigureAwait(false);
        skip = Math.Max(0, skip - _head.Length);
        foreach (Run run in _runs)
        {
            RunSegment segment = run.Segments[_partition];
            if (skip >= segment.Bytes)
            {
                skip -= segment.Bytes;
                continue;
            }

            using SafeFileHandle file = File.OpenHandle(run.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            long at = segment.Offset + skip;
            long end = segment.Offset + segment.Bytes;
            skip = 0;
            while (at < end)
            {
                int count = (int)Math.Min(ChunkBytes, end - at);
                int read = RandomAccess.Read(file, to.GetMemory(count).Span[..count], at);
                if (read == 0) throw new IOException($"{run.Path} became shorter");
                to.Advance(read);
                at += read;
                FlushResult flushed = await to.FlushAsync(cancellation).ConfigureAwait(false);
                if (flushed.IsCompleted) return;
            }
        }
    }
}
