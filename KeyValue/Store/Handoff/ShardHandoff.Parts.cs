namespace Quorleans.KeyValue.Store;

internal sealed partial class ShardHandoff
{
    /// <summary>Not the cluster's limit: that bounds what clients write, this what a damaged length may cost.</summary>
    public const int MaxValueBytes = 1 << 26;

    /// <summary>Adds a chunk's parts to an import (layout: <see cref="ShardChunk"/>), or only checks their shape.</summary>
    /// <param name="import">The import; null to check only.</param>
    /// <param name="content">The chunk.</param>
    /// <returns>False when a part does not fit to what came before.</returns>
    private bool TakeParts(ShardImport? import, ReadOnlySpan<byte> content)
    {
        var reader = new PayloadReader(content);
        while (!reader.AtEnd)
        {
            byte kind = reader.Byte();
            bool ok = kind switch
            {
                ShardChunk.Item => TakeItem(import, ref reader),
                ShardChunk.ItemHead => TakeItemHead(import, ref reader),
                ShardChunk.ItemMore => TakeItemMore(import, ref reader),
                ShardChunk.SessionHead => TakeSession(import, ref reader, isHead: true),
                ShardChunk.SessionMore => TakeSession(import, ref reader, isHead: false),
                _ => false,
            };
            if (!ok || reader.Failed) return false;
        }

        return true;
    }

    private string? CheckChunk(ReadOnlySpan<byte> content) => TakeParts(null, content) ? null : "a part of the chunk ends too early, or is of no kind";

    private bool TakeItem(ShardImport? import, ref PayloadReader reader)
    {
        if (import is not null) return import.PartKey is null && import.Shard.TryImport(ref reader, shardFunction);
        ReadOnlySpan<byte> key = reader.Bytes();
        reader.Varint();
        reader.Bytes();
        return !reader.Failed && !key.IsEmpty;
    }

    private bool TakeItemHead(ShardImport? import, ref PayloadReader reader)
    {
        ReadOnlySpan<byte> key = reader.Bytes();
        long version = reader.Varint();
        int length = (int)reader.Varint(MaxValueBytes);
        ReadOnlySpan<byte> part = reader.Bytes();
        if (reader.Failed || key.IsEmpty || part.Length >= length) return false;
        if (import is null) return true;
        if (import.PartKey is not null || shardFunction.Of(key) != import.Shard.Id) return false;
        import.PartKey = key.ToArray();
        import.PartVersion = version;
        import.PartValue = new byte[length];
        part.CopyTo(import.PartValue);
        import.PartLength = part.Length;
        return true;
    }

    private static bool TakeItemMore(ShardImport? import, ref PayloadReader reader)
    {
        ReadOnlySpan<byte> part = reader.Bytes();
        if (reader.Failed) return false;
        if (import is null) return true;
        if (import.PartKey is not { } key || part.Length > import.PartValue.Length - import.PartLength) return false;
        // A captured view may share the array: it reads only what was there then.
        part.CopyTo(import.PartValue.AsSpan(import.PartLength));
        import.PartLength += part.Length;
        if (import.PartLength < import.PartValue.Length) return true;
        byte[] value = import.PartValue;
        import.PartKey = null;
        import.PartValue = [];
        import.PartLength = 0;
        return import.Shard.TryImport(key, value, import.PartVersion);
    }

    private static bool TakeSession(ShardImport? import, ref PayloadReader reader, bool isHead)
    {
        if (import?.PartKey is not null) return false;
        ClientId client = reader.Client();
        if (client.IsNone) return false;
        if (isHead)
        {
            long floor = reader.Varint();
            long latest = Deadline(reader.Varint());
            if (reader.Failed || (import is not null && !import.Shard.TryImportSession(client, floor, latest))) return false;
        }

        long count = reader.Varint(int.MaxValue);
        for (long i = 0; i < count; i++)
        {
            long sequence = reader.Varint();
            byte status = reader.Byte();
            var result = new CachedResult(sequence, reader.Varint(), Deadline(reader.Varint()), (OperationStatus)(status & ~CachedResult.BodyFlag));
            bool hasBody = status >= CachedResult.BodyFlag;
            ReadOnlySpan<byte> body = hasBody ? reader.Bytes() : default;
            if (reader.Failed || !CachedResult.IsEncodedStatus(status)) return false;
            if (hasBody && import is not null) result = result with { Body = body.ToArray() };
            if (import is not null && !import.Shard.TryImportResult(client, result)) return false;
        }

        return !reader.Failed;
    }

    private static long Deadline(long encoded) => encoded == 0 ? Session.NoDeadline : encoded;
}
