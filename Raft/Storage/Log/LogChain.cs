namespace Quorleans.Raft.Storage;

/// <summary>
/// Decides which of the batches found belong to the log. The newest whole opening names the oldest segment that is needed and
/// the segment before it, so the segments form a list; batches inside are chained by checksum.
/// <para>
/// The rule at the first bad place of the newest segment (a batch with sequence s is expected there and is not whole): every batch
/// header carries a mark, the last sequence known durable when it was written. If any header of this or a later generation, with
/// a sequence of at least s, carries a mark of at least s, then batch s was durable and is damaged: corruption. Otherwise it was in flight: torn, and cut.
/// </para>
/// Shown by <c>WalRecoveryTests</c> and <c>WalCrashTests</c>.
/// </summary>
internal sealed class LogChain
{
    private LogChain() { }

    /// <summary>The segments needed, oldest first, each with its batches.</summary>
    internal List<(ScannedFile File, List<ScannedBatch> Batches)> Segments { get; } = [];

    internal LogCorruption? Corruption { get; private set; }

    internal TornBatch? Torn { get; private set; }

    /// <summary>The last sequence in the chain, 0 when empty.</summary>
    internal long LastSequence { get; private set; }

    /// <summary>The highest durable mark in the chain.</summary>
    internal long Mark { get; private set; }

    internal uint LastCrc { get; private set; }

    internal static LogChain Build(IReadOnlyList<ScannedFile> files)
    {
        LogChain chain = new();
        chain.Corruption = chain.Follow(files);
        return chain;
    }

    private LogCorruption? Follow(IReadOnlyList<ScannedFile> files)
    {
        foreach (ScannedFile file in files)
            if (file.NewerFormat > 0) return new LogCorruption(Name(file), 0, $"written in a newer format, {file.NewerFormat}, than {BatchHeader.Format}; use the newer program") { NewerFormat = file.NewerFormat };
        foreach (ScannedFile file in files)
            if (file.IsOversized) return new LogCorruption(Name(file), 0, $"{file.Length} bytes are more than a segment can have");
        ScannedFile? head = null;
        bool any = false;
        foreach (ScannedFile file in files)
        {
            any |= file.Batches.Count > 0;
            if (file.Head is not null && file.Generation > (head?.Generation ?? 0)) head = file;
        }

        if (!any)
            foreach (ScannedFile file in files)
                if (file.IsForeign) return new LogCorruption(Name(file), 0, "written by a node with another node id; node.json and the log do not belong together");
        if (head is not null && Link(files, head) is { } missing) return missing;
        for (int i = 0; i < Segments.Count; i++)
            if (Walk(i, files) is { } bad) return bad;
        return Evidence(files, head?.Generation ?? 0, LastSequence + 1, head);
    }

    private LogCorruption? Link(IReadOnlyList<ScannedFile> files, ScannedFile head)
    {
        long oldest = head.Head!.Value.OldestLive;
        ScannedFile file = head;
        Segments.Add((file, []));
        while (file.Generation > oldest)
        {
            long previous = file.Head!.Value.PreviousGeneration;
            if (previous < oldest || previous >= file.Generation) break;
            ScannedFile? found = null;
            foreach (ScannedFile candidate in files)
                if (candidate.Generation == previous) found = candidate;
            if (found is null) return Missing(files, previous);
            file = found;
            Segments.Insert(0, (file, []));
        }

        return null;
    }

    private static LogCorruption Missing(IReadOnlyList<ScannedFile> files, long generation)
    {
        foreach (ScannedFile file in files)
            foreach (BatchHeader header in file.Headers)
                if (header.Generation == generation) return new LogCorruption(Name(file), 0, $"the opening of segment generation {generation} is damaged");
        return new LogCorruption(files.Count > 0 ? Name(files[0]) : LogSegmentNames.Format(1), 0, $"segment generation {generation} is damaged from its beginning, or its file is missing");
    }

    private LogCorruption? Walk(int position, IReadOnlyList<ScannedFile> files)
    {
        (ScannedFile file, List<ScannedBatch> batches) = Segments[position];
        ScannedBatch opening = file.Batches[0];
        ScannedBatch? next = position + 1 < Segments.Count ? Segments[position + 1].File.Batches[0] : null;
        batches.Add(opening);
        long expected = opening.Header.Sequence;
        LastSequence = expected - 1;
        LastCrc = opening.Crc;
        Mark = Math.Max(Mark, opening.Header.DurableMark);
        long offset = opening.End;
        while (true)
        {
            // Where the next segment takes over; anything beyond was cut when that was begun.
            if (next is { } taken && taken.Header.Sequence == expected && taken.Header.PreviousCrc == LastCrc) return null;
            ScannedBatch? found = file.Find(offset);
            if (found is not { } batch || batch.Header.Generation != opening.Header.Generation || batch.Header.Sequence != expected
                || batch.Header.PreviousCrc != LastCrc || batch.Header.Kind == BatchKind.Opening) break;
            batches.Add(batch);
            LastSequence = expected++;
            LastCrc = batch.Crc;
            Mark = Math.Max(Mark, batch.Header.DurableMark);
            offset = batch.End;
        }

        if (next is not null) return new LogCorruption(Name(file), offset, $"batch {expected} is damaged, and the next segment shows that it was durable");
        if (offset < file.Length) Torn = new TornBatch(Name(file), offset, expected);
        return HighestMark(files, opening.Header.Generation, expected) >= expected
            ? new LogCorruption(Name(file), offset, $"batch {expected} is damaged, and a later batch shows that it was durable")
            : null;
    }

    /// <summary>A later segment whose opening is bad, but whose batches show that it was durable.</summary>
    private static LogCorruption? Evidence(IReadOnlyList<ScannedFile> files, long above, long expected, ScannedFile? head)
    {
        foreach (ScannedFile file in files)
        {
            if (file == head) continue;
            foreach (BatchHeader header in file.Headers)
                if (header.Generation > above && header.DurableMark >= expected)
                    return new LogCorruption(Name(file), 0, $"the opening of segment generation {header.Generation} is damaged, and a later batch shows that it was durable");
        }

        return null;
    }

    private static long HighestMark(IReadOnlyList<ScannedFile> files, long generation, long expected)
    {
        long mark = 0;
        foreach (ScannedFile file in files)
            foreach (BatchHeader header in file.Headers)
                if (header.Generation == generation && header.Sequence >= expected) mark = Math.Max(mark, header.DurableMark);
        return mark;
    }

    private static string Name(ScannedFile file) => LogSegmentNames.Format(file.Number);
}
