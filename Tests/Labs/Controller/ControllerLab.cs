using Quorleans.KeyValue;
using Quorleans.KeyValue.Controller;
using Quorleans.Raft;
using Quorleans.Simulation;

namespace Quorleans.Labs.Controller;

/// <summary>Lab 4A's test bed: three controller servers, ten shards, no groups.</summary>
internal sealed class ControllerLab : Lab
{
    internal const int Shards = 10;
    private int _clerks;

    /// <summary>Starts the servers.</summary>
    /// <param name="run">The run.</param>
    /// <param name="unreliable">Whether the network loses and delays; the labs' is reliable.</param>
    /// <param name="maxRaftState">The live log's size in bytes at which a snapshot is due, or -1: none is ever taken, as in the labs.</param>
    internal ControllerLab(LabRun run, bool unreliable = false, int maxRaftState = -1)
        : base(run, 3, LabTiming.Of(run.Seed), options => options with { SnapshotThresholdBytes = maxRaftState < 0 ? long.MaxValue : maxRaftState }, "ctl")
    {
        Network.Unreliable = unreliable;
        StartAll();
    }

    /// <summary>The server that leads; waits until there is one.</summary>
    internal async Task<int> Leader()
    {
        while (true)
        {
            for (int i = 0; i < Count; i++)
                if (Leads(i)) return i;
            await Sleep(10);
        }
    }

    internal ControllerClerk MakeClerk()
    {
        int id = ++_clerks;
        string[] nodes = [.. Enumerable.Range(0, Count).Select(i => Node(i).Name)];
        Network.LinkClient($"c{id}", [.. Enumerable.Repeat(true, Count)]);
        return new ControllerClerk(new SimulatedRequester(World, Wire, $"c{id}", Group.Name, nodes), id);
    }

    /// <summary>Groups are those, in this order of servers; every shard is at one of them when there is one; nobody has more than one shard more than another.</summary>
    internal async Task Check(ControllerClerk clerk, params int[] gids)
    {
        ShardConfiguration configuration = await clerk.Query();
        LabRun.Require(configuration.Groups.Select(group => group.Gid).SequenceEqual(gids.Order()), $"The groups are {string.Join(' ', configuration.Groups.Select(group => group.Gid))}, not {string.Join(' ', gids.Order())}.");
        foreach (ConfigurationGroup group in configuration.Groups) LabRun.Require(group.Nodes.SequenceEqual(ControllerClerk.ServersOf(group.Gid)), $"Group {group.Gid} has the servers {string.Join(' ', group.Nodes)}.");
        LabRun.Require(configuration.Shards.Length == Shards && configuration.Shards.All(gid => gids.Length == 0 ? gid == 0 : gids.Contains(gid)), $"Shards are at {string.Join(' ', configuration.Shards)}.");
        if (gids.Length == 0) return;
        int[] counts = [.. gids.Select(gid => configuration.Shards.Count(gid.Equals))];
        Run.AtMost("shards of the largest group more than of the smallest", counts.Max() - counts.Min(), 1, "");
    }

    /// <summary>Between two configurations no shard changed that need not.</summary>
    internal void CheckMinimal(ShardConfiguration before, ShardConfiguration after)
    {
        int[] gids = [.. after.Groups.Select(group => group.Gid)];
        int changes = Enumerable.Range(0, Shards).Count(shard => before.Shards[shard] != after.Shards[shard]);
        int low = Shards / gids.Length, large = Shards % gids.Length;
        int[] had = [.. gids.Select(gid => before.Shards.Count(gid.Equals))];
        int least = Shards - had.Sum(count => Math.Min(count, low)) - Math.Min(large, had.Count(count => count > low));
        Run.Exactly("shards moved beyond the fewest possible", changes - least, 0, "");

        // The labs' own words, on the groups that there are: who stays keeps its shards after leaves, and gets none after joins.
        bool joined = after.Groups.Length > before.Groups.Length;
        for (int shard = 0; shard < Shards; shard++)
        {
            int moved = joined ? after.Shards[shard] : before.Shards[shard];
            bool stays = before.Find(moved) is not null && after.Find(moved) is not null;
            LabRun.Require(!stays || before.Shards[shard] == after.Shards[shard], $"Shard {shard} went from {before.Shards[shard]} to {after.Shards[shard]} for nothing.");
        }
    }

    /// <summary>All servers come to the same state.</summary>
    internal async Task CheckReplicas()
    {
        for (int tries = 0; Digests().Distinct().Count() != 1; tries++)
        {
            LabRun.Require(tries < 100, "The servers' states differ.");
            await Sleep(100);
        }
    }

    protected override IStateMachine NewMachine(int server) => new ControllerStateMachine(new ControllerOptions { ShardCount = Shards, MayBeEmpty = true, AnyNode = true });

    private UInt128[] Digests() => [.. Enumerable.Range(0, Count).Select(i => Node(i).Machine(Group.Name) is WatchedMachine { Inner: ControllerStateMachine machine } ? machine.Digest : (UInt128)i)];
}
