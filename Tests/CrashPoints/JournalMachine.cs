using System.Buffers.Binary;
using Quorleans.Raft;

namespace Quorleans.CrashPoints;

/// <summary>A state machine that cannot hide a mistake: it remembers the index and a number of everything applied, in order.</summary>
internal sealed class JournalMachine : IStateMachine
{
    private const int ItemBytes = 16;
    private List<(long Index, long Number)> _items = [];

    internal IReadOnlyList<(long Index, long Number)> Items => _items;

    /// <summary>A command that carries a number.</summary>
    internal static byte[] Command(long number, int length)
    {
        byte[] payload = new byte[Math.Max(8, length)];
        payload.AsSpan().Fill((byte)number);
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        return payload;
    }

    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        if (_items.Count > 0 && _items[^1].Index >= entry.Index.Value) throw new ViolationException($"entry {entry.Index} applied after {_items[^1].Index}");
        _items.Add((entry.Index.Value, BinaryPrimitives.ReadInt64LittleEndian(entry.Payload.Span)));
        return default;
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => default;

    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => null;

    public ISnapshotView Capture() => new View([.. _items]);

    public object Load(Stream source, CancellationToken cancellationToken)
    {
        using MemoryStream bytes = new();
        source.CopyTo(bytes);
        if (bytes.Length % ItemBytes != 0) throw new InvalidDataException($"A journal of {bytes.Length} bytes.");
        List<(long, long)> items = [];
        for (ReadOnlySpan<byte> at = bytes.GetBuffer().AsSpan(0, (int)bytes.Length); !at.IsEmpty; at = at[ItemBytes..])
            items.Add((BinaryPrimitives.ReadInt64LittleEndian(at), BinaryPrimitives.ReadInt64LittleEndian(at[8..])));
        return items;
    }

    public void Install(object loaded) => _items = [.. (List<(long, long)>)loaded];

    private sealed class View(List<(long Index, long Number)> items) : ISnapshotView
    {
        public void WriteTo(Stream destination, CancellationToken cancellationToken)
        {
            Span<byte> item = stackalloc byte[ItemBytes];
            foreach ((long index, long number) in items)
            {
                BinaryPrimitives.WriteInt64LittleEndian(item, index);
                BinaryPrimitives.WriteInt64LittleEndian(item[8..], number);
                destination.Write(item);
            }
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
