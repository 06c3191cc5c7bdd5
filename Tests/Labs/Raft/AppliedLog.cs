using Quorleans.Raft;

namespace Quorleans.Labs.Raft;

/// <summary>
/// What has been applied anywhere, by the service's numbering: commands count from 1, a leader's no-ops and configurations not at all. Every server's
/// every apply is held against it. This is stricter than the labs' apply checker, which compares values, and before 2022 let old commands pass.
/// </summary>
internal sealed class AppliedLog(Lab lab)
{
    private readonly List<Applied> _applied = [];

    internal readonly record struct Applied(LogIndex Index, Term Term, long Value, long Id);

    internal int Count => _applied.Count;

    internal Applied this[int index] => _applied[index - 1];

    internal void Check(int server, int index, in LogEntry entry)
    {
        (long value, long id) = Command.Decode(entry.Payload);
        Applied applied = new(entry.Index, entry.Term, value, id);
        if (index == _applied.Count + 1) _applied.Add(applied);
        else if (index > _applied.Count) lab.Violate($"n{server + 1} applied command {index}; only {_applied.Count} are known.");
        else if (_applied[index - 1] != applied) lab.Violate($"n{server + 1} applied {applied} as command {index}; elsewhere it was {_applied[index - 1]}.");
    }

    internal void CheckSnapshot(int server, int count, LogIndex index)
    {
        if (count > _applied.Count || (count > 0 && _applied[count - 1].Index != index))
            lab.Violate($"n{server + 1} installed a snapshot of {count} commands up to entry {index}, which never was.");
    }
}
