namespace Quorleans.Labs.KeyValue;

/// <summary>
/// What clients append, <c>x client number y;</c>, has to be there once, in the client's order. (The labs' lack the semicolon. It ends each value in
/// something found nowhere else, which spares the linearizability checker a search.)
/// </summary>
internal static class Appends
{
    /// <summary>Checks a value that one client, or several, have appended to.</summary>
    /// <param name="value">The value.</param>
    /// <param name="client">The client whose appends are looked for.</param>
    /// <param name="count">How many it made.</param>
    internal static void Check(string value, int client, int count)
    {
        int last = -1;
        for (int i = 0; i < count; i++)
        {
            string wanted = $"x {client} {i} y;";
            int at = value.IndexOf(wanted, StringComparison.Ordinal);
            LabRun.Require(at >= 0, $"Append {i} of client {client} is missing in \"{value}\".");
            LabRun.Require(at == value.LastIndexOf(wanted, StringComparison.Ordinal), $"Append {i} of client {client} is there twice in \"{value}\".");
            LabRun.Require(at > last, $"Append {i} of client {client} is out of order in \"{value}\".");
            last = at;
        }
    }
}
