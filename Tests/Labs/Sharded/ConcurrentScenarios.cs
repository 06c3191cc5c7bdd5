using Quorleans.Labs.KeyValue;

namespace Quorleans.Labs.Sharded;

/// <summary>Lab 4B: clients at work while groups join, leave, and are shut down.</summary>
internal static class ConcurrentScenarios
{
    private const int Keys = 10;

    internal static IEnumerable<Scenario> All =>
    [
        new("TestConcurrent1", "4B", "Ten appenders; all groups are shut down, and one leaves meanwhile.", Concurrent1),
        new("TestConcurrent2", "4B", "Ten appenders; groups come and go every three seconds, then restart.", Concurrent2),
        new("TestConcurrent3", "4B", "Ten appenders without a pause; all groups restart at once, again and again.", Concurrent3),
        new("TestUnreliable2", "4B", "Ten appenders on an unreliable network while groups join and leave.", run => Unreliable(run, random: false)),
        new("TestUnreliable3", "4B", "Random operations on shared keys there; the history is linearizable.", run => Unreliable(run, random: true)),
    ];

    private static async Task Concurrent1(LabRun run)
    {
        Work work = await Work.Begin(run, unreliable: false, maxRaftState: 100, pauseMs: 10, first: [0]);
        ShardedLab lab = work.Lab;
        await lab.Sleep(150);
        await lab.Join(1);
        await lab.Sleep(500);
        await lab.Join(2);
        await lab.Sleep(500);
        await lab.Leave(0);
        lab.ShutDownGroup(0);
        await lab.Sleep(100);
        lab.ShutDownGroup(1);
        await lab.Sleep(100);
        lab.ShutDownGroup(2);
        await lab.Leave(2);
        await lab.Sleep(100);
        for (int group = 0; group < 3; group++) lab.StartGroup(group);
        await lab.Sleep(100);
        await lab.Join(0);
        await lab.Leave(1);
        await lab.Sleep(500);
        await lab.Join(1);
        await lab.Sleep(1000);
        await work.End();
    }

    private static async Task Concurrent2(LabRun run)
    {
        Work work = await Work.Begin(run, unreliable: false, maxRaftState: -1, pauseMs: 50, first: [1, 0, 2]);
        ShardedLab lab = work.Lab;
        await lab.Leave(0);
        await lab.Leave(2);
        await lab.Sleep(3000);
        await lab.Join(0);
        await lab.Join(2);
        await lab.Leave(1);
        await lab.Sleep(3000);
        await lab.Join(1);
        await lab.Leave(0);
        await lab.Leave(2);
        await lab.Sleep(3000);
        lab.ShutDownGroup(1);
        lab.ShutDownGroup(2);
        await lab.Sleep(1000);
        lab.StartGroup(1);
        lab.StartGroup(2);
        await lab.Sleep(2000);
        await work.End();
    }

    private static async Task Concurrent3(LabRun run)
    {
        Work work = await Work.Begin(run, unreliable: false, maxRaftState: 300, pauseMs: 0, first: [0]);
        ShardedLab lab = work.Lab;
        for (double begin = lab.NowMs; lab.NowMs - begin < 12_000;)
        {
            await lab.Join(2);
            await lab.Join(1);
            await lab.Sleep(run.Random.Next(900));
            for (int group = 0; group < 3; group++) lab.ShutDownGroup(group);
            for (int group = 0; group < 3; group++) lab.StartGroup(group);
            await lab.Sleep(run.Random.Next(900));
            await lab.Leave(1);
            await lab.Leave(2);
            await lab.Sleep(run.Random.Next(900));
        }

        await lab.Sleep(2000);
        await work.End();
    }

    private static async Task Unreliable(LabRun run, bool random)
    {
        Work work = await Work.Begin(run, unreliable: true, maxRaftState: 100, pauseMs: 0, first: [0], random);
        ShardedLab lab = work.Lab;
        await lab.Sleep(150);
        await lab.Join(1);
        await lab.Sleep(500);
        await lab.Join(2);
        await lab.Sleep(500);
        await lab.Leave(0);
        await lab.Sleep(500);
        await lab.Leave(1);
        await lab.Sleep(500);
        await lab.Join(1);
        await lab.Join(0);
        await lab.Sleep(2000);
        lab.Network.Unreliable = false;
        await work.End();
    }

    /// <summary>Ten clients, each with a key of its own to append to, or all with all keys.</summary>
    private sealed class Work
    {
        private readonly bool _random;
        private readonly int _pauseMs;
        private KeySet _keys = null!;
        private Task _clients = Task.CompletedTask;
        private bool _stop;

        private Work(ShardedLab lab, bool random, int pauseMs) => (Lab, _random, _pauseMs) = (lab, random, pauseMs);

        internal ShardedLab Lab { get; }

        internal static async Task<Work> Begin(LabRun run, bool unreliable, int maxRaftState, int pauseMs, int[] first, bool random = false)
        {
            Work work = new(new ShardedLab(run, unreliable, maxRaftState), random, pauseMs);
            await work.Lab.Ready();
            foreach (int group in first) await work.Lab.Join(group);
            work._keys = await KeySet.Put(work.Lab, work.Lab.MakeClerk(), Keys, 5);
            work._clients = Task.WhenAll(Enumerable.Range(0, Keys).Select(work.Client));
            return work;
        }

        internal async Task End()
        {
            _stop = true;
            await _clients;
            if (!_random) await _keys.CheckAll(Lab.MakeClerk());
            Lab.CheckLogs();
            Lab.CheckHistory();
        }

        private async Task Client(int me)
        {
            LabClerk clerk = Lab.MakeClerk();
            for (int i = 0; !_stop; i++)
            {
                if (_random) await Random(clerk, me, i);
                else await _keys.Append(clerk, me, 5);
                // The labs' clients that do not pause would do a thousand operations a second each, without delays in the network.
                await Lab.Sleep(_pauseMs > 0 ? _pauseMs : Lab.Network.Unreliable ? 0.001 : 20);
            }
        }

        private async Task Random(LabClerk clerk, int me, int number)
        {
            string key = KeySet.Key(Lab.Run.Random.Next(Keys));
            int dice = Lab.Run.Random.Next(1000);
            if (dice < 500) await clerk.Append(key, $"x {me} {number} y;");
            else if (dice < 550) await clerk.Put(key, $"x {me} {number} y;");
            else await clerk.Get(key);
        }
    }
}
