using System.Globalization;
using System.Text;

namespace Quorleans.Raft;

/// <summary>Messages as a person reads them, in traces and transcript tests.</summary>
internal static class MessageText
{
    internal static string Describe(RaftMessage m)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{m.From}->{m.To} {m.Kind} term={m.Term}");
        switch (m.Kind)
        {
            case MessageKind.RequestVote:
                text.Append(CultureInfo.InvariantCulture, $" last={m.Index}/{m.IndexTerm}{(m.PreVote ? " pre" : "")}{(m.Forced ? " forced" : "")}");
                break;
            case MessageKind.RequestVoteReply:
                text.Append(CultureInfo.InvariantCulture, $"{(m.PreVote ? " pre" : "")} {(m.Accepted ? "granted" : m.Removed ? "refused: removed" : "refused")}");
                break;
            case MessageKind.AppendEntries:
                text.Append(CultureInfo.InvariantCulture, $" prev={m.Index}/{m.IndexTerm} commit={m.Commit}");
                if (m.ReadRound > 0) text.Append(CultureInfo.InvariantCulture, $" round={m.ReadRound}");
                foreach (LogEntry entry in m.Entries) text.Append(CultureInfo.InvariantCulture, $" [{entry}]");
                break;
            case MessageKind.AppendEntriesReply:
                text.Append(m.Accepted
                    ? string.Create(CultureInfo.InvariantCulture, $" match={m.Match}")
                    : string.Create(CultureInfo.InvariantCulture, $" refused prev={m.Index} conflict={m.ConflictIndex}/{m.ConflictTerm}"));
                if (m.ReadRound > 0) text.Append(CultureInfo.InvariantCulture, $" round={m.ReadRound}");
                break;
            case MessageKind.InstallSnapshot:
                text.Append(CultureInfo.InvariantCulture, $" snapshot={m.Snapshot?.Index}/{m.Snapshot?.Term} offset={m.Offset}+{m.Data.Length}/{m.TotalBytes}");
                break;
            case MessageKind.InstallSnapshotReply:
                text.Append(CultureInfo.InvariantCulture, $" {(m.Accepted ? "taken" : "refused")} next={m.Offset} match={m.Match}");
                break;
            case MessageKind.ReadIndexReply:
                text.Append(CultureInfo.InvariantCulture, $" {(m.Accepted ? "index=" + m.Index : "refused")}");
                break;
            default:
                break;
        }

        return text.ToString();
    }
}
