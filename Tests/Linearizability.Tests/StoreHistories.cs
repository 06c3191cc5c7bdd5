namespace Quorleans.Linearizability.Tests;

/// <summary>Random histories of a store with transactions, from a seed, and the definition of linearizability for them on plain strings.</summary>
internal static class StoreHistories
{
    public static bool IsLinearizable(IReadOnlyList<Operation> history) =>
        Explains([.. history.Where(o => !(o.Ok == false && o.Kind is not (OperationKind.Cas or OperationKind.Txn)) && !(o.Ok is null && o.Kind == OperationKind.Get))], 0, []);

    /// <summary>Runs one operation.</summary>
    /// <returns>Whether its results are what it would see.</returns>
    public static bool Step(Operation o, Dictionary<string, string> state)
    {
        if (o.Transaction is not { } transaction)
        {
            bool fits = BruteForce.Step(o, state.GetValueOrDefault(o.Key), out string? next);
            Set(state, o.Key, next);
            return fits;
        }

        bool holds = transaction.Compares.All(compare => state.GetValueOrDefault(compare.Key) == compare.Value);
        if (o.Ok is { } ok && ok != holds) return false;
        foreach (TransactionStep step in holds ? transaction.Then : transaction.Else)
        {
            string? before = state.GetValueOrDefault(step.Key);
            if (step.Kind == OperationKind.Get && o.Ok is not null && step.Output != before) return false;
            if (step.Kind == OperationKind.Put) Set(state, step.Key, step.Value);
            if (step.Kind == OperationKind.Append) Set(state, step.Key, before + step.Value);
            if (step.Kind == OperationKind.Delete) Set(state, step.Key, null);
        }

        return true;
    }

    /// <summary>Any small history: results drawn at random, so most are bad, in many ways.</summary>
    public static List<Operation> Wild(Random random, bool unique)
    {
        int count = random.Next(2, 6), tokens = 0;
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            long call = random.Next(10);
            bool? ok = random.Next(6) == 0 ? null : random.Next(5) > 0;
            Operation single = new(i, (OperationKind)random.Next(5), Key(), Token(), Seen(), Seen(), ok, call, call + random.Next(6)) { OutputReported = random.Next(4) != 0 };
            if (random.Next(3) == 0) return single with { Ok = single.Kind == OperationKind.Cas ? ok : ok ?? (single.Kind == OperationKind.Get ? true : null), Output = single.Kind == OperationKind.Get || ok == false ? single.Output : null };
            Transaction transaction = new(
                [.. Enumerable.Range(0, random.Next(3)).Select(_ => new TransactionCompare(Key(), Seen()))],
                [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => NewStep())], [.. Enumerable.Range(0, random.Next(3)).Select(_ => NewStep())]);
            return single with { Kind = OperationKind.Txn, Key = transaction.Then[0].Key, Transaction = transaction, Value = "", Expected = null, Output = null };
        })];

        string Key() => random.Next(2) == 0 ? "x" : "y";

        string Token() => unique ? $"{(char)('a' + tokens++)};" : random.Next(2) == 0 ? "a" : "aa";

        string? Seen() => random.Next(3) == 0 ? null : unique ? $"{(char)('a' + random.Next(Math.Max(1, tokens)))};" : random.Next(2) == 0 ? "a" : "aa";

        TransactionStep NewStep() => random.Next(5) switch
        {
            0 => new TransactionStep(OperationKind.Put, Key(), Token(), null),
            1 => new TransactionStep(OperationKind.Append, Key(), Token(), null),
            2 when random.Next(2) == 0 => new TransactionStep(OperationKind.Delete, Key(), "", null),
            _ => new TransactionStep(OperationKind.Get, Key(), "", Seen()),
        };
    }

    /// <summary>What clients of a correct store see, with unknown outcomes. The store applies each operation at a moment within it.</summary>
    public static List<Operation> Correct(Random random, int count, int clients, bool unique, double unknown, int keys)
    {
        List<Operation> history = new(count);
        Dictionary<string, string> store = [];
        PriorityQueue<(int Client, Operation? Applied), long> agenda = new();
        int nextClient = clients, tokens = 0;
        for (int i = 0; i < clients; i++) agenda.Enqueue((i, null), random.Next(100));
        for (int started = 0; agenda.TryDequeue(out (int Client, Operation? Planned) turn, out long now);)
        {
            if (turn.Planned is { } planned)
            {
                bool lost = random.NextDouble() < unknown;
                Operation result = (!lost || random.Next(2) == 0 ? Apply(planned, store) : planned with { Ok = true }) with { Return = now + random.Next(1, 50) };
                if (lost) result = result with { Ok = null, Output = null };
                history.Add(result);
                agenda.Enqueue((lost ? nextClient++ : turn.Client, null), result.Return + 1);
                continue;
            }

            if (started == count) continue;
            started++;
            agenda.Enqueue((turn.Client, Plan(turn.Client, now)), now + random.Next(1, 50));
        }

        return history;

        string Key() => $"k{random.Next(keys)}";

        string Token() => unique ? $"{tokens++:x};" : random.Next(2) == 0 ? "a" : "b";

        Operation Plan(int client, long now)
        {
            string key = Key();
            Operation plain = new(client, OperationKind.Get, key, "", null, null, true, now, now);
            int pick = random.Next(100);
            if (pick < 25) return plain;
            if (pick < 35) return plain with { Kind = OperationKind.Put, Value = Token() };
            if (pick < 45) return plain with { Kind = OperationKind.Append, Value = Token() };
            if (pick < 50) return plain with { Kind = OperationKind.Delete };
            if (pick < 55) return plain with { Kind = OperationKind.Cas, Value = Token(), Expected = store.GetValueOrDefault(key) };
            string other = Key();
            TransactionCompare[] compares = [.. Enumerable.Range(0, random.Next(3)).Select(i => new TransactionCompare(i == 0 ? key : other, store.GetValueOrDefault(i == 0 ? key : other)))];
            TransactionStep[] reads = [.. Enumerable.Range(0, keys).Select(i => new TransactionStep(OperationKind.Get, $"k{i}", "", null))];
            TransactionStep[] writes =
            [
                new(OperationKind.Put, key, Token(), null), new(OperationKind.Append, other, Token(), null), new(OperationKind.Get, other, "", null),
                .. random.Next(6) == 0 ? [new TransactionStep(OperationKind.Delete, Key(), "", null)] : Array.Empty<TransactionStep>(),
            ];
            return plain with { Kind = OperationKind.Txn, Transaction = new Transaction(compares, random.Next(3) == 0 ? reads : writes, reads) };
        }
    }

    /// <summary>Changes one result, or the time of one operation.</summary>
    public static void Spoil(Random random, List<Operation> history)
    {
        int at = random.Next(history.Count);
        Operation operation = history[at];
        if (random.Next(3) == 0 || operation.Transaction is not { } transaction)
        {
            history[at] = random.Next(2) == 0 ? operation with { Call = operation.Call / 3, Return = operation.Call / 2 } : operation with { Output = null };
            return;
        }

        TransactionStep[] steps = [.. operation.Ok == false ? transaction.Else : transaction.Then];
        if (steps.Length == 0 || random.Next(4) == 0)
        {
            history[at] = operation with { Ok = operation.Ok != true };
            return;
        }

        int spoiled = random.Next(steps.Length);
        steps[spoiled] = steps[spoiled] with { Output = random.Next(3) == 0 ? null : steps[random.Next(steps.Length)].Output };
        history[at] = operation with { Transaction = operation.Ok == false ? transaction with { Else = steps } : transaction with { Then = steps } };
    }

    public static string Describe(Operation o) => o.Transaction is not { } t ? o.ToString()
        : $"{o.Client} {o.Call}-{o.Return} {o.Ok} if {string.Join(", ", t.Compares)} then {string.Join(", ", t.Then)} else {string.Join(", ", t.Else)}";

    private static Operation Apply(Operation planned, Dictionary<string, string> store)
    {
        string? before = store.GetValueOrDefault(planned.Key);
        if (planned.Transaction is not { } transaction)
        {
            Operation result = planned with { Ok = planned.Kind != OperationKind.Cas || before == planned.Expected };
            if (planned.Kind == OperationKind.Get || result.Ok == false) result = result with { Output = before };
            Assert.True(Step(result, store));
            return result;
        }

        bool holds = transaction.Compares.All(compare => store.GetValueOrDefault(compare.Key) == compare.Value);
        List<TransactionStep> ran = [];
        foreach (TransactionStep step in holds ? transaction.Then : transaction.Else)
        {
            string? value = store.GetValueOrDefault(step.Key);
            ran.Add(step.Kind == OperationKind.Get ? step with { Output = value } : step);
            if (step.Kind == OperationKind.Put) Set(store, step.Key, step.Value);
            if (step.Kind == OperationKind.Append) Set(store, step.Key, value + step.Value);
            if (step.Kind == OperationKind.Delete) Set(store, step.Key, null);
        }

        return planned with { Ok = holds, Transaction = holds ? transaction with { Then = ran } : transaction with { Else = ran } };
    }

    private static bool Explains(Operation[] all, int done, Dictionary<string, string> state)
    {
        bool finished = true;
        for (int i = 0; i < all.Length; i++) finished &= (done >> i & 1) != 0 || all[i].Ok is null;
        if (finished) return true;
        for (int i = 0; i < all.Length; i++)
        {
            if ((done >> i & 1) != 0) continue;
            bool first = true;
            for (int j = 0; j < all.Length; j++) first &= (done >> j & 1) != 0 || all[j].Ok is null || all[j].Return >= all[i].Call;
            Dictionary<string, string> next = new(state);
            if (first && Step(all[i], next) && Explains(all, done | 1 << i, next)) return true;
        }

        return false;
    }

    private static void Set(Dictionary<string, string> state, string key, string? value)
    {
        if (value is null) state.Remove(key);
        else state[key] = value;
    }
}
