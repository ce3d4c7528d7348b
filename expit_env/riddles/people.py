"""Names for the people in riddles. The openings have other names, so that nobody is in both."""

from __future__ import annotations

from expit_env.riddles.draw import WordBank, word_bank

GIRLS = word_bank(
    "Mary, Ellen, Nora, Wendy, Alice, Frida, Gloria, Hilda, Ida, Judith, Lucy, Martha"
    " | Beatrice, Clara, Edith, Greta, Pauline, Sophie"
)
BOYS = word_bank(
    "Peter, Oscar, Simon, Walter, Albert, Frank, George, Harold, Ian, Jonas, Martin, Robert"
    " | Bernard, Conrad, Edgar, Gilbert, Philip, Stefan"
)
PEOPLE = WordBank(GIRLS.train + BOYS.train, GIRLS.test + BOYS.test)
SURNAMES = word_bank(
    "Parker, Miller, Bennett, Carter, Dawson, Fletcher, Hughes, Jensen, Keller, Lambert, Morris, Novak,"
    " Nelson, Palmer, Rogers, Shaw, Taylor, Walsh"
    " | Olsen, Porter, Quinn, Becker, Vance, Russell, Sanders, Turner"
)
