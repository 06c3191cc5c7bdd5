namespace Quorleans.Linearizability.Tests;

/// <summary>The definition itself, for small histories of one key: every order that real time allows, on plain strings.</summary>
internal static class BruteForce
{
    public static bool IsLinearizable(IReadOnlyList<Operation> history) =>
        Explains([.. history.Where(o => !(o.Ok == false && o.Kind != OperationKind.Cas) && !(o.Ok is null && o.Kind == OperationKind.Get))], 0, null);

    private static bool Explains(Operation[] all, int done, string? state)
    {
        bool finished = true;
        for (int i = 0; i < all.Length; i++) finished &= (done >> i & 1) != 0 || all[i].Ok is null;
        if (finished) return true;
        for (int i = 0; i < all.Length; i++)
        {
            if ((done >> i & 1) != 0) continue;
            bool first = true;
            for (int j = 0; j < all.Length; j++) first &= (done >> j & 1) != 0 || all[j].Ok is null || all[j].Return >= all[i].Call;
            if (first && Step(all[i], state, out string? next) && Explains(all, done | 1 << i, next)) return true;
        }

        return false;
    }

    public static bool Step(Operation o, string? state, out string? next)
    {
        next = state;
        switch (o.Kind)
        {
            case OperationKind.Get: return state == o.Output;
            case OperationKind.Put: next = o.Value; return true;
            case OperationKind.Append: next = state + o.Value; return true;
            case OperationKind.Delete: next = null; return true;
            default:
                if (o.Ok == false) return state != o.Expected && (!o.OutputReported || state == o.Output);
                if (state == o.Expected) next = o.Value;
                else if (o.Ok == true) return false;
                return true;
        }
    }
}
