namespace Quorleans.KeyValue;

/// <summary>
/// The body of a transaction (<c>u</c> and <c>bytes</c> as in <see cref="KeyValueCodec"/>):
/// <code>
/// transaction = u count  compare*  u count  step*  u count  step*        if all compares hold, the first steps, else the second
/// compare     = bytes key  target(1 byte)  operator(1 byte)  (u version | bytes value)
/// step        = kind(1 byte)  bytes key  [bytes value]                   with a value: Put, Append; without: Delete, Get
/// </code>
/// The operation that carries it has the first key that it names as its own key, which decides the shard; all other keys must be of the same shard. Its
/// result's body is a batch of results, one for each step of the branch that ran.
/// </summary>
public static class TransactionCodec
{
    /// <summary>Encodes a transaction.</summary>
    /// <param name="compares">All must hold for <paramref name="then"/>; none: it always runs.</param>
    /// <param name="then">What runs if they do, in this order.</param>
    /// <param name="otherwise">What runs if one does not.</param>
    public static byte[] Encode(
        ReadOnlySpan<TransactionCompare> compares, ReadOnlySpan<TransactionStep> then, ReadOnlySpan<TransactionStep> otherwise)
    {
        var writer = new PayloadWriter();
        writer.Varint((long)compares.Length);
        foreach (ref readonly TransactionCompare compare in compares)
        {
            writer.Bytes(compare.Key.Span);
            writer.Byte((byte)compare.Target);
            writer.Byte((byte)compare.Operator);
            if (compare.Target == CompareTarget.Version) writer.Varint(compare.Version);
            else writer.Bytes(compare.Value.Span);
        }

        Write(writer, then);
        Write(writer, otherwise);
        return writer.ToArray();
    }

    /// <summary>The first key that a transaction names: the one that decides its shard.</summary>
    /// <param name="body">A well-formed transaction.</param>
    public static ReadOnlySpan<byte> FirstKey(ReadOnlySpan<byte> body)
    {
        var reader = new TransactionReader(body);
        for (int part = 0; part < TransactionReader.Parts; part++)
        {
            if (reader.Count() == 0) continue;
            if (part == 0) return reader.ReadCompare(out TransactionCompareView compare) is null ? compare.Key : default;
            return reader.ReadStep(out TransactionStepView step) is null ? step.Key : default;
        }

        return default;
    }

    /// <summary>Checks a transaction's shape, but not its limits.</summary>
    /// <param name="body">The encoded transaction.</param>
    /// <param name="isReadOnly">Whether it only reads, whichever branch runs.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Check(ReadOnlySpan<byte> body, out bool isReadOnly)
    {
        isReadOnly = true;
        var reader = new TransactionReader(body);
        bool isEmpty = true;
        for (int part = 0; part < TransactionReader.Parts; part++)
        {
            int count = reader.Count();
            isEmpty &= count == 0;
            for (int i = 0; i < count; i++)
            {
                string? problem;
                if (part == 0)
                {
                    problem = reader.ReadCompare(out _);
                }
                else
                {
                    problem = reader.ReadStep(out TransactionStepView step);
                    isReadOnly &= step.Kind == OperationKind.Get;
                }

                if (problem is not null) return $"{TransactionReader.PartName(part)} {i + 1} of {count}: {problem}";
            }
        }

        if (!reader.AtEnd) return "the transaction ends too early or too late, or a number is out of range";
        return isEmpty ? "the transaction has neither a comparison nor an operation" : null;
    }

    private static void Write(PayloadWriter writer, ReadOnlySpan<TransactionStep> steps)
    {
        writer.Varint((long)steps.Length);
        foreach (ref readonly TransactionStep step in steps)
        {
            writer.Byte((byte)step.Kind);
            writer.Bytes(step.Key.Span);
            if (TransactionReader.HasValue(step.Kind)) writer.Bytes(step.Value.Span);
        }
    }
}
