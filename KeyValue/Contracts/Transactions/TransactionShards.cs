using System.Text;

namespace Quorleans.KeyValue;

/// <summary>Checks that all keys of a transaction are in one shard: one group's log decides it, in one entry.</summary>
public static class TransactionShards
{
    private const int ShownKeys = 8;
    private const int ShownKeyBytes = 40;

    /// <summary>Checks a transaction.</summary>
    /// <param name="body">A well-formed transaction.</param>
    /// <param name="shards">The cluster's shard function.</param>
    /// <returns><see cref="ValidationReason.ManyShards"/>, or nothing.</returns>
    public static ValidationError Check(ReadOnlySpan<byte> body, ShardFunction shards)
    {
        ArgumentNullException.ThrowIfNull(shards);
        int shard = -1;
        var reader = new TransactionReader(body);
        for (int part = 0; part < TransactionReader.Parts; part++)
        {
            int count = reader.Count();
            for (int i = 0; i < count; i++)
            {
                int next = shards.Of(ReadKey(ref reader, part)).Value;
                if (shard < 0) shard = next;
                else if (shard != next) return new ValidationError(ValidationReason.ManyShards, Describe(body, shards));
            }
        }

        return default;
    }

    private static ReadOnlySpan<byte> ReadKey(ref TransactionReader reader, int part)
    {
        if (part == 0)
        {
            reader.ReadCompare(out TransactionCompareView compare);
            return compare.Key;
        }

        reader.ReadStep(out TransactionStepView step);
        return step.Key;
    }

    private static string Describe(ReadOnlySpan<byte> body, ShardFunction shards)
    {
        List<byte[]> keys = DistinctKeys(body);
        var text = new StringBuilder("The transaction's keys are in several shards, and one transaction is of one shard: ");
        for (int i = 0; i < keys.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append('\'').Append(Show(keys[i])).Append("' in shard ").Append(shards.Of(keys[i]));
            if (i + 1 < ShownKeys || i + 1 == keys.Count) continue;
            text.Append(" and more");
            break;
        }

        text.Append(". ");
        if (!shards.HasTags) return text.Append($"In this cluster ({shards}) keys with the same first byte share a shard.").ToString();

        byte[] tag = ChooseTag(keys);
        text.Append("Keys with the same {tag} share a shard; so name them ");
        bool first = true;
        foreach (byte[] key in keys)
        {
            if (!first) text.Append(", ");
            bool has = ShardFunction.TagOf(key).SequenceEqual(tag);
            text.Append('\'').Append(has ? "" : $"{{{Show(tag)}}}").Append(Show(key)).Append('\'');
            if (!first) break;
            first = false;
        }

        return text.Append(keys.Count > 2 ? ", and so on." : ".").ToString();
    }

    private static List<byte[]> DistinctKeys(ReadOnlySpan<byte> body)
    {
        var keys = new List<byte[]>();
        var reader = new TransactionReader(body);
        for (int part = 0; part < TransactionReader.Parts; part++)
        {
            int count = reader.Count();
            for (int i = 0; i < count && keys.Count <= ShownKeys; i++)
            {
                ReadOnlySpan<byte> key = ReadKey(ref reader, part);
                bool known = false;
                foreach (byte[] other in keys) known |= key.SequenceEqual(other);
                if (!known) keys.Add(key.ToArray());
            }
        }

        return keys;
    }

    // A tag that is in use already, or the first key's own name, or a neutral one where that would be hard to read.
    private static byte[] ChooseTag(List<byte[]> keys)
    {
        foreach (byte[] key in keys)
        {
            ReadOnlySpan<byte> tag = ShardFunction.TagOf(key);
            if (!tag.IsEmpty) return tag.ToArray();
        }

        byte[] name = keys[0];
        return name.Length <= 20 && name.AsSpan().IndexOfAny((byte)'{', (byte)'}') < 0 ? name : "tag"u8.ToArray();
    }

    private static string Show(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (byte b in bytes[..Math.Min(bytes.Length, ShownKeyBytes)])
        {
            if (b is >= 0x20 and < 0x7f) text.Append((char)b);
            else text.Append($"\\x{b:x2}");
        }

        return text.Append(bytes.Length > ShownKeyBytes ? "..." : "").ToString();
    }
}
