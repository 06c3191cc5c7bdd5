namespace Quorleans.Linearizability.Tests;

/// <summary>Random histories of one key, from a seed.</summary>
internal static class Histories
{
    /// <summary>Any small history: results drawn at random, so most are bad, in many ways.</summary>
    public static List<Operation> Wild(Random random, bool unique)
    {
        int count = random.Next(1, 8);
        string[] values = [.. Enumerable.Range(0, count).Select(i => unique ? $"{(char)('a' + i)};" : random.Next(2) == 0 ? "a" : "aa")];
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            long call = random.Next(10);
            OperationKind kind = (OperationKind)random.Next(5);
            bool? ok = random.Next(6) == 0 ? null : kind != OperationKind.Cas || random.Next(2) == 0;
            return new Operation(i, kind, "k", values[i], Seen(), ok == true && kind != OperationKind.Get ? null : Seen(), ok, call, call + random.Next(6))
            {
                OutputReported = random.Next(4) != 0,
            };

            string? Seen() => random.Next(4) switch
            {
                0 => null,
                1 => values[random.Next(count)] + values[random.Next(count)],
                _ => values[random.Next(count)],
            };
        })];
    }

    /// <summary>What clients of a correct store see, with unknown outcomes. The store applies each operation at a moment within it.</summary>
    public static List<Operation> Correct(Random random, int count, int clients, bool unique = true, double unknown = 0.01, int keys = 1, bool reported = true)
    {
        List<Operation> history = new(count);
        string?[] store = new string?[keys];
        PriorityQueue<(int Client, Operation? Applied), long> agenda = new();
        int nextClient = clients;
        for (int i = 0; i < clients; i++) agenda.Enqueue((i, null), random.Next(100));
        for (int started = 0; agenda.TryDequeue(out (int Client, Operation? Planned) turn, out long now);)
        {
            if (turn.Planned is { } planned)
            {
                // The moment it takes effect.
                int key = int.Parse(planned.Key.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
                bool lost = random.NextDouble() < unknown;
                bool happens = !lost || random.Next(2) == 0;
                string? before = store[key];
                Operation result = planned with { Ok = true, Return = now + random.Next(1, 50) };
                if (planned.Kind == OperationKind.Get) result = result with { Output = before };
                else if (planned.Kind == OperationKind.Cas && before != planned.Expected) result = result with { Ok = false, Output = before, OutputReported = reported };
                else if (happens && BruteForce.Step(result, before, out string? after)) store[key] = after;
                if (lost) result = result with { Ok = null, Output = null, OutputReported = true };
                history.Add(result);
                agenda.Enqueue((lost ? nextClient++ : turn.Client, null), result.Return + 1);
                continue;
            }

            if (started == count) continue;
            started++;
            int pick = random.Next(100), on = random.Next(keys);
            OperationKind kind = pick < 40 ? OperationKind.Get : pick < 60 ? OperationKind.Put : pick < 80 ? OperationKind.Append : pick < 90 ? OperationKind.Cas : OperationKind.Delete;
            string value = unique ? $"{started:x};" : random.Next(2) == 0 ? "a" : "b";
            agenda.Enqueue((turn.Client, new Operation(turn.Client, kind, $"k{on}", value, kind == OperationKind.Cas ? store[on] : null, null, true, now, now)), now + random.Next(1, 50));
        }

        return history;
    }
}
