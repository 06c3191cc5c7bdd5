using System.Buffers.Binary;

namespace Quorleans.Raft.Tests.Node;

/// <summary>A state machine that remembers what was applied: enough to see order, loss and repetition.</summary>
internal sealed class ListMachine : IStateMachine
{
    private List<byte[]> _items = [];

    internal int Count
    {
        get
        {
            lock (this) return _items.Count;
        }
    }

    internal List<byte[]> Items
    {
        get
        {
            lock (this) return [.. _items];
        }
    }

    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        lock (this) _items.Add(entry.Payload.ToArray());
        return BitConverter.GetBytes(_items.Count);
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => BitConverter.GetBytes(_items.Count);

    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => payload.Length > 1_000_000 ? "too long" : null;

    public ISnapshotView Capture() => new View(Items);

    public object Load(Stream source, CancellationToken cancellationToken)
    {
        List<byte[]> items = [];
        byte[] head = new byte[4];
        while (source.ReadAtLeast(head, 4, throwOnEndOfStream: false) == 4)
        {
            byte[] item = new byte[BinaryPrimitives.ReadInt32LittleEndian(head)];
            source.ReadExactly(item);
            items.Add(item);
        }

        return items;
    }

    public void Install(object loaded)
    {
        lock (this) _items = (List<byte[]>)loaded;
    }

    private sealed class View(List<byte[]> items) : ISnapshotView
    {
        public void WriteTo(Stream destination, CancellationToken cancellationToken)
        {
            byte[] head = new byte[4];
            foreach (byte[] item in items)
            {
                BinaryPrimitives.WriteInt32LittleEndian(head, item.Length);
                destination.Write(head);
                destination.Write(item);
            }
        }

        public void Dispose() { }
    }
}
