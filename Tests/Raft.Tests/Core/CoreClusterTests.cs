using System.Globalization;
using Xunit;

namespace Quorleans.Raft.Tests;

/// <summary>
/// Random runs of whole clusters. <c>QUORLEANS_CORE_SEEDS</c> sets how many seeds, <c>QUORLEANS_CORE_FIRST_SEED</c> where they begin; a failing seed
/// prints itself with its last events and replays with these two (SEEDS=1).
/// </summary>
public sealed class CoreClusterTests
{
    private const int EventsPerRun = 4000;

    [Fact]
    public void PropertiesHoldAndProgressResumes_UnderRandomFaults()
    {
        int seeds = Setting("QUORLEANS_CORE_SEEDS", 300);
        int first = Setting("QUORLEANS_CORE_FIRST_SEED", 1);
        long committed = 0;
        long reads = 0;
        long leaders = 0;
        long changes = 0;
        long removed = 0;
        for (int seed = first; seed < first + seeds; seed++)
        {
            CoreCluster cluster = RunSeed((ulong)seed);
            committed += cluster.Checker.Committed.Value;
            reads += cluster.Checker.ReadsConfirmed;
            leaders += cluster.Checker.Leaders;
            changes += cluster.Changes;
            removed += cluster.Removed;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{seeds} seeds: {committed} entries committed, {reads} reads confirmed, {leaders} terms with a leader, {changes} configurations, {removed} members gone");
        // A schedule so rough that nothing happens proves nothing.
        Assert.True(committed > 20L * seeds, $"Only {committed} entries were committed in {seeds} seeds.");
        Assert.True(reads > 5L * seeds, $"Only {reads} reads were confirmed in {seeds} seeds.");
        Assert.True(leaders > 2L * seeds, $"Only {leaders} leaders were elected in {seeds} seeds.");
        Assert.True(changes > seeds, $"Only {changes} configurations were begun in {seeds} seeds.");
        Assert.True(2 * removed > seeds, $"Only {removed} members were removed in {seeds} seeds.");
    }

    [Fact]
    public void SameSeedGivesTheSameEvents_WhenRunTwice()
    {
        for (ulong seed = 1; seed <= 5; seed++) Assert.Equal(RunSeed(seed).TraceDigest, RunSeed(seed).TraceDigest);
    }

    private static CoreCluster RunSeed(ulong seed)
    {
        try
        {
            return Run(seed, trace: null);
        }
        catch (Exception first)
        {
            List<string> trace = [];
            try
            {
                Run(seed, trace);
            }
            catch (Exception again) when (again.Message == first.Message) { }

            string last = string.Join('\n', trace.Skip(Math.Max(0, trace.Count - Setting("QUORLEANS_CORE_TRACE", 60))));
            throw new InvariantViolationException($"Seed {seed} (QUORLEANS_CORE_SEEDS=1 QUORLEANS_CORE_FIRST_SEED={seed}): {first.Message}\n{last}", first);
        }
    }

    private static CoreCluster Run(ulong seed, List<string>? trace)
    {
        CoreCluster cluster = new(seed, trace: trace);
        while (cluster.Events < EventsPerRun) cluster.RunOne();
        cluster.Heal();
        long bound = 40 * 10 * 12; // forty election timeouts of the slowest clock, in milliseconds
        RunUntil(cluster, bound, "a leader that everybody follows, in a configuration that is not joint", () =>
            cluster.Leader is { } leader && leader.Core.Membership is { IsJoint: false } now && now.Index <= leader.Core.Commit
            && Current(cluster).All(m => m.Core.Leader == leader.Id));
        RunUntil(cluster, bound, "who was removed to know it", () => cluster.Members.All(m => m.Retired || cluster.Checker.Membership.IsMember(m.Id) || HasNobodyToAsk(cluster, m)));
        ProposeResult target = default;
        RunUntil(cluster, bound, "everybody to apply a proposal", () =>
        {
            // Taken by a leader that is deposed at once, it can still be lost: then it is made again.
            if (cluster.Leader is not { } leader) return false;
            if (!leader.Core.Log.TryTermAt(target.Index, out Term term) || term != target.Term || target.Status != ProposeStatus.Accepted || target.Term == Term.Zero)
                target = cluster.Propose(leader);
            return target.Term > Term.Zero && Current(cluster).All(m => m.Machine.Applied >= target.Index);
        });
        foreach (CoreMember member in Current(cluster))
        {
            int confirmed = cluster.Checker.ReadsConfirmed;
            long next = cluster.Now;
            RunUntil(cluster, bound, $"member {member.Id} to confirm a read", () =>
            {
                if (cluster.Now >= next) (next, _) = (cluster.Now + 400, cluster.Read(member));
                return cluster.Checker.ReadsConfirmed > confirmed;
            });
        }

        return cluster;
    }

    /// <summary>It was away while everybody that it knows went too: it stays alone, and cannot disturb anybody.</summary>
    private static bool HasNobodyToAsk(CoreCluster cluster, CoreMember member) =>
        member.Core.Membership.All().All(known => known.Id == member.Id || !cluster.Checker.Membership.IsMember(known.Id));

    private static List<CoreMember> Current(CoreCluster cluster) => [.. cluster.Members.Where(m => cluster.Checker.Membership.IsMember(m.Id))];

    private static void RunUntil(CoreCluster cluster, long bound, string what, Func<bool> condition)
    {
        long end = cluster.Now + bound;
        while (!condition())
        {
            Assert.True(cluster.Now < end, $"Waited {bound} ms for {what}: {string.Join("; ", cluster.Members.Select(Describe))}");
            cluster.RunOne();
        }
    }

    private static string Describe(CoreMember m) =>
        $"{m.Id} {m.Core.Role} term={m.Core.Term} leader={m.Core.Leader} log={m.Core.Log.BaseIndex}..{m.Core.Log.LastIndex} commit={m.Core.Commit} applied={m.Core.Applied}"
        + $" config={m.Core.Membership.Index}:{Ids(m.Core.Membership.Voters)}/{Ids(m.Core.Membership.Outgoing)}/{Ids(m.Core.Membership.Learners)}{(m.Retired ? " retired" : "")}";

    private static string Ids(IEnumerable<Member> members) => string.Join(',', members.Select(member => member.Id));

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
