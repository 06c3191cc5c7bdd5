namespace Quorleans.Labs.KeyValue;

/// <summary>
/// Three rounds of: clients at work for five seconds, under the workload's troubles; then everything heals, and each key is looked at. The labs
/// check only shared keys for linearizability, and accept a check that gave up; here all histories are checked, and must pass.
/// </summary>
internal sealed class WorkloadRun(LabRun run, Workload workload)
{
    private const int Rounds = 3;
    private const int PeriodMs = 5000;

    // The labs' clients do not pause. On a network without delays ours would do a thousand operations a second each, which teaches nothing and costs
    // much; so all together they do about fifty, somewhat less than on the unreliable one.
    private readonly int _pauseUs = workload.Unreliable ? 0 : 20_000 * workload.Clients;
    private readonly KeyValueLab _lab = new(run, workload.Servers, workload.Unreliable, workload.MaxRaftState);
    private readonly int[] _appended = new int[workload.Clients];
    private bool _clientsStop;
    private bool _partitionsStop;

    internal async Task Run()
    {
        LabClerk clerk = _lab.MakeClerk();
        for (int round = 0; round < Rounds; round++)
        {
            (_clientsStop, _partitionsStop) = (false, false);
            LabClerk[] clerks = [.. Enumerable.Range(0, workload.Clients).Select(_ => _lab.MakeClerk())];
            Task clients = Task.WhenAll(clerks.Select(Client));
            if (workload.Partitions)
            {
                await _lab.Sleep(1000);
                Task partitioner = Partition(clerks);
                await _lab.Sleep(PeriodMs);
                (_clientsStop, _partitionsStop) = (true, true);
                await partitioner;

                // Some clients wait for the majority in a minority: only now can they end.
                _lab.ConnectAll();
                await _lab.Sleep(1000);
            }
            else
            {
                await _lab.Sleep(PeriodMs);
                _clientsStop = true;
            }

            if (workload.Crash)
            {
                for (int i = 0; i < _lab.Count; i++) _lab.Crash(i);
                await _lab.Sleep(1000);
                for (int i = 0; i < _lab.Count; i++) _lab.Restart(i);
                _lab.ConnectAll();
            }

            await clients;
            await LookAtKeys(clerk);
            CheckSizes();
        }

        run.AtLeast("operations that clients did", _lab.History.Count, 10 * workload.Clients, "");
        _lab.CheckHistory();
    }

    private Task Client(LabClerk clerk, int me) => workload.RandomKeys ? OnSharedKeys(clerk, me) : OnOwnKey(clerk, me);

    private async Task OnOwnKey(LabClerk clerk, int me)
    {
        string key = me.ToString(System.Globalization.CultureInfo.InvariantCulture), model = "";
        int done = 0;
        await clerk.Put(key, "");
        while (!_clientsStop)
        {
            await Pause();
            if (run.Random.Next(1000) < 500)
            {
                string value = $"x {me} {done++} y;";
                model += value;
                await clerk.Append(key, value);
            }
            else
            {
                string read = await clerk.Get(key);
                LabRun.Require(read == model, $"Client {me} reads \"{read}\" under its own key, not \"{model}\".");
            }
        }

        _appended[me] = done;
    }

    private async Task OnSharedKeys(LabClerk clerk, int me)
    {
        int done = 0;
        while (!_clientsStop)
        {
            string key = run.Random.Next(workload.Clients).ToString(System.Globalization.CultureInfo.InvariantCulture);
            int dice = run.Random.Next(1000);
            await Pause();
            if (dice < 500) await clerk.Append(key, $"x {me} {clerk.Id}.{done++} y;");
            else if (dice < 550) await clerk.Put(key, $"x {me} {clerk.Id}.{done++} y;");
            else await clerk.Get(key);
        }
    }

    private Task Pause() => _pauseUs == 0 ? Task.CompletedTask : _lab.SleepUs(run.Random.Next(2 * _pauseUs));

    private async Task Partition(LabClerk[] clerks)
    {
        while (!_partitionsStop)
        {
            int[] sides = [.. Enumerable.Range(0, _lab.Count).Select(_ => run.Random.Next(2))];
            _lab.Partition([.. Side(0)], [.. Side(1)]);
            if (workload.PartitionsClients)
            {
                foreach (LabClerk clerk in clerks)
                {
                    int side = run.Random.Next(2);
                    _lab.ConnectClient(clerk, [.. Side(side)]);
                }
            }

            await _lab.Sleep(1000 + run.Random.Next(200));

            IEnumerable<int> Side(int side) => Enumerable.Range(0, _lab.Count).Where(i => sides[i] == side);
        }

        foreach (LabClerk clerk in clerks) _lab.ConnectClient(clerk, [.. Enumerable.Range(0, _lab.Count)]);
    }

    private async Task LookAtKeys(LabClerk clerk)
    {
        for (int client = 0; client < workload.Clients; client++)
        {
            string value = await clerk.Get(client.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (!workload.RandomKeys) Appends.Check(value, client, _appended[client]);
        }
    }

    private void CheckSizes()
    {
        if (workload.MaxRaftState > 0)
        {
            // At all times, not only when the labs look.
            run.AtMost("live log of any server, without its snapshot", _lab.MaxLogBytes, 8 * workload.MaxRaftState, "bytes");
            run.AtLeast("snapshots taken", _lab.SnapshotsTaken, 1, "");
        }
        else
        {
            run.Exactly("snapshots taken", _lab.SnapshotsTaken, 0, "");
        }
    }
}
