namespace Quorleans.Raft.Node;

/// <summary>
/// Counts clients' batches from their arrival to their outcome, and lets no more in than there is a place for: before they are queued for the loop, so that a refusal
/// costs next to nothing and comes at once. What the cluster itself needs is counted, and never refused here. Any thread may call.
/// </summary>
/// <param name="maxCount">How many batches may be in.</param>
/// <param name="maxBytes">How many bytes they may have; one batch by itself may have more.</param>
/// <param name="node">The node's, for a group's; null for the node's own.</param>
internal sealed class Admission(int maxCount, long maxBytes, Admission? node)
{
    private int _count;
    private long _bytes;
    private long _refused;

    /// <summary>Batches that are in.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Their bytes.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Batches that were refused, here and by the loop.</summary>
    internal long Refused => Volatile.Read(ref _refused);

    /// <summary>Lets a batch in, if there is a place for it.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="isUrgent">Whether it is let in in any case.</param>
    internal bool TryEnter(int bytes, bool isUrgent)
    {
        if (node is not null && !node.TryEnter(bytes, isUrgent))
        {
            Interlocked.Increment(ref _refused); // the node has counted it
            return false;
        }

        int count = Interlocked.Increment(ref _count);
        long total = Interlocked.Add(ref _bytes, bytes);
        if (isUrgent || count == 1 || (count <= maxCount && total <= maxBytes)) return true;
        CountRefusal();
        Leave(bytes);
        return false;
    }

    /// <summary>A batch that was in has its outcome.</summary>
    internal void Leave(int bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        Interlocked.Decrement(ref _count);
        node?.Leave(bytes);
    }

    /// <summary>A batch was refused as busy: here, or by the loop after it was let in.</summary>
    internal void CountRefusal()
    {
        Interlocked.Increment(ref _refused);
        node?.CountRefusal();
    }
}
